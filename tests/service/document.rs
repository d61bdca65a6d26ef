//! openapi.json says what the service does. That answers are as it says is for `fuzz.sh` to find out; here is that nothing
//! stands in one of them only.

use std::collections::BTreeSet;

use super::*;

#[test]
fn every_address_of_the_document_is_there_and_no_other() {
    let project = example(Project::new());
    let service = Service::start(&project);
    let document = service.client.send("GET", "/openapi.json", &[], "").is(200).json();
    let paths = document["paths"].as_object().expect("paths");

    let mut operations = 0;
    for (path, methods) in paths {
        let address = path.replace("{name}", "hello").replace("{command_id}", "1");
        let documented: BTreeSet<String> =
            methods.as_object().expect("methods").keys().map(|method| method.to_uppercase()).collect();
        let refused = service.client.send("OPTIONS", &address, &[], "").is(405);
        let allowed = refused.header("allow").expect("what is allowed");
        let allowed: BTreeSet<String> = allowed.split(',').filter(|method| *method != "HEAD").map(str::to_owned).collect();
        assert_eq!(documented, allowed, "{path}");
        operations += documented.len();
    }
    assert_eq!(operations, 11, "the ten of the commands, and the health");
}

#[test]
fn whoever_writes_needs_the_token_and_that_is_said() {
    let text = std::fs::read_to_string(format!("{EXAMPLE}/service/openapi.json")).expect("it is there");
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");

    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let writes = method != "get";
            assert_eq!(operation["security"].is_array(), writes, "{method} {path}");
            assert_eq!(operation["responses"]["401"].is_object(), writes, "{method} {path}");
            let takes_a_body = operation["requestBody"].is_object();
            assert_eq!(operation["responses"]["413"].is_object(), takes_a_body, "{method} {path}");
        }
    }
}

#[test]
fn the_page_to_try_it_needs_nothing_from_elsewhere() {
    let project = example(Project::new());
    let service = Service::start(&project);

    let page = service.client.send("GET", "/", &[], "").is(200);

    assert_eq!(page.header("content-type").as_deref(), Some("text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").is_some_and(|policy| policy.contains("connect-src 'self'")));
    assert!(!page.body.contains("://"), "nothing is fetched from elsewhere");
    assert!(!page.body.contains("innerHTML"), "texts are texts");
}
