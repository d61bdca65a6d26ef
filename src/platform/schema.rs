// @generated automatically by Diesel CLI.

diesel::table! {
    accounts (id) {
        id -> BigInt,
        slug -> Text,
        name -> Text,
        status -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    ai_keys (id) {
        id -> BigInt,
        account_id -> BigInt,
        provider -> Text,
        api_key -> Text,
        is_active -> Bool,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    ai_prompts (id) {
        id -> BigInt,
        account_id -> BigInt,
        purpose -> Text,
        body -> Text,
        is_active -> Bool,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    api_request_log (id) {
        id -> BigInt,
        account_id -> BigInt,
        site_id -> Nullable<BigInt>,
        method -> Text,
        endpoint -> Text,
        status_code -> Integer,
        success -> Nullable<Bool>,
        response_body -> Nullable<Text>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    clusters (id) {
        id -> BigInt,
        account_id -> BigInt,
        site_id -> BigInt,
        sector_id -> BigInt,
        name -> Text,
        status -> Text,
        keywords_count -> Integer,
        total_volume -> BigInt,
        ideas_count -> Integer,
        content_count -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        disabled -> Bool,
    }
}

diesel::table! {
    content (id) {
        id -> BigInt,
        account_id -> BigInt,
        site_id -> BigInt,
        sector_id -> BigInt,
        cluster_id -> Nullable<BigInt>,
        task_id -> Nullable<BigInt>,
        title -> Text,
        content_html -> Nullable<Text>,
        word_count -> Integer,
        content_type -> Text,
        content_structure -> Text,
        status -> Text,
        source -> Text,
        sync_status -> Text,
        external_id -> Nullable<Text>,
        external_url -> Nullable<Text>,
        last_synced_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    content_ideas (id) {
        id -> BigInt,
        account_id -> BigInt,
        site_id -> BigInt,
        sector_id -> BigInt,
        cluster_id -> Nullable<BigInt>,
        title -> Text,
        description -> Nullable<Text>,
        status -> Text,
        content_type -> Text,
        content_structure -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        disabled -> Bool,
    }
}

diesel::table! {
    content_taxonomy (id) {
        id -> BigInt,
        account_id -> BigInt,
        site_id -> BigInt,
        content_id -> BigInt,
        taxonomy_term_id -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    countries (code) {
        code -> Text,
        name -> Text,
    }
}

diesel::table! {
    credit_balances (account_id) {
        account_id -> BigInt,
        credits -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    credit_usage_log (id) {
        id -> BigInt,
        account_id -> BigInt,
        site_id -> Nullable<BigInt>,
        operation -> Text,
        credits -> Integer,
        created_at -> Timestamp,
    }
}

diesel::table! {
    keywords (id) {
        id -> BigInt,
        account_id -> BigInt,
        site_id -> BigInt,
        sector_id -> Nullable<BigInt>,
        cluster_id -> Nullable<BigInt>,
        keyword -> Text,
        volume -> Integer,
        difficulty -> Integer,
        intent -> Text,
        status -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        disabled -> Bool,
    }
}

diesel::table! {
    sectors (id) {
        id -> BigInt,
        account_id -> BigInt,
        site_id -> BigInt,
        name -> Text,
        is_active -> Bool,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    site_integrations (id) {
        id -> BigInt,
        account_id -> BigInt,
        site_id -> BigInt,
        platform -> Text,
        config -> Text,
        site_url -> Nullable<Text>,
        is_active -> Bool,
        sync_enabled -> Bool,
        sync_status -> Text,
        sync_error -> Nullable<Text>,
        sync_started_at -> Nullable<Timestamp>,
        last_sync_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    sites (id) {
        id -> BigInt,
        account_id -> BigInt,
        country_code -> Nullable<Text>,
        name -> Text,
        slug -> Text,
        domain -> Nullable<Text>,
        wp_url -> Nullable<Text>,
        is_active -> Bool,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    tasks (id) {
        id -> BigInt,
        account_id -> BigInt,
        site_id -> BigInt,
        sector_id -> BigInt,
        cluster_id -> Nullable<BigInt>,
        idea_id -> Nullable<BigInt>,
        title -> Text,
        description -> Nullable<Text>,
        status -> Text,
        content_type -> Text,
        content_structure -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    taxonomy_terms (id) {
        id -> BigInt,
        account_id -> BigInt,
        site_id -> BigInt,
        sector_id -> Nullable<BigInt>,
        parent_id -> Nullable<BigInt>,
        name -> Text,
        slug -> Text,
        taxonomy_type -> Text,
        external_taxonomy -> Nullable<Text>,
        external_id -> Nullable<Text>,
        content_count -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::joinable!(ai_keys -> accounts (account_id));
diesel::joinable!(ai_prompts -> accounts (account_id));
diesel::joinable!(api_request_log -> accounts (account_id));
diesel::joinable!(api_request_log -> sites (site_id));
diesel::joinable!(clusters -> accounts (account_id));
diesel::joinable!(clusters -> sectors (sector_id));
diesel::joinable!(clusters -> sites (site_id));
diesel::joinable!(content -> accounts (account_id));
diesel::joinable!(content -> clusters (cluster_id));
diesel::joinable!(content -> sectors (sector_id));
diesel::joinable!(content -> sites (site_id));
diesel::joinable!(content -> tasks (task_id));
diesel::joinable!(content_ideas -> accounts (account_id));
diesel::joinable!(content_ideas -> clusters (cluster_id));
diesel::joinable!(content_ideas -> sectors (sector_id));
diesel::joinable!(content_ideas -> sites (site_id));
diesel::joinable!(content_taxonomy -> accounts (account_id));
diesel::joinable!(content_taxonomy -> sites (site_id));
diesel::joinable!(credit_balances -> accounts (account_id));
diesel::joinable!(credit_usage_log -> accounts (account_id));
diesel::joinable!(credit_usage_log -> sites (site_id));
diesel::joinable!(keywords -> accounts (account_id));
diesel::joinable!(keywords -> clusters (cluster_id));
diesel::joinable!(keywords -> sectors (sector_id));
diesel::joinable!(keywords -> sites (site_id));
diesel::joinable!(sectors -> accounts (account_id));
diesel::joinable!(sectors -> sites (site_id));
diesel::joinable!(site_integrations -> accounts (account_id));
diesel::joinable!(site_integrations -> sites (site_id));
diesel::joinable!(sites -> accounts (account_id));
diesel::joinable!(sites -> countries (country_code));
diesel::joinable!(tasks -> accounts (account_id));
diesel::joinable!(tasks -> clusters (cluster_id));
diesel::joinable!(tasks -> content_ideas (idea_id));
diesel::joinable!(tasks -> sectors (sector_id));
diesel::joinable!(tasks -> sites (site_id));
diesel::joinable!(taxonomy_terms -> accounts (account_id));
diesel::joinable!(taxonomy_terms -> sectors (sector_id));
diesel::joinable!(taxonomy_terms -> sites (site_id));

diesel::allow_tables_to_appear_in_same_query!(
    accounts,
    ai_keys,
    ai_prompts,
    api_request_log,
    clusters,
    content,
    content_ideas,
    content_taxonomy,
    countries,
    credit_balances,
    credit_usage_log,
    keywords,
    sectors,
    site_integrations,
    sites,
    tasks,
    taxonomy_terms,
);
