//! The tables, as the latest migration leaves them.

diesel::table! {
    custom_command_creators (id) {
        id -> BigInt,
        discord_id -> BigInt,
        username -> Text,
        display_name -> Nullable<Text>,
        created_at -> Timestamp,
        total_commands -> Nullable<BigInt>,
        active_commands -> Nullable<BigInt>,
    }
}

diesel::table! {
    custom_commands (id) {
        id -> BigInt,
        name -> Text,
        content -> Text,
        creator_id -> BigInt,
        created_at -> Timestamp,
        updated_at -> Nullable<Timestamp>,
        last_used -> Nullable<Timestamp>,
        use_count -> Nullable<BigInt>,
        warning_sent -> Nullable<Bool>,
        is_active -> Nullable<Bool>,
        tags -> Nullable<Text>,
    }
}

diesel::joinable!(custom_commands -> custom_command_creators (creator_id));
diesel::allow_tables_to_appear_in_same_query!(custom_commands, custom_command_creators);
