//! A server that goes away and comes back.

use super::*;

#[test]
fn the_service_finds_its_server_again() {
    let cluster = Cluster::start();
    let project = example(Project::at(&cluster.url("postgres")));
    let service = Service::start(&project);
    let health = || service.client.send("GET", "/health", &[], "");
    health().is(200);

    cluster.kill();

    for _ in 0..10 {
        health().refuses(503, "unavailable");
        service.get("/by_name/hello").refuses(503, "unavailable");
        service.write("PATCH", "/by_name/hello/execute", "").refuses(503, "unavailable");
    }
    cluster.restart();
    for _ in 0..10 {
        health().is(200);
        service.get("/by_name/hello").is(200);
        service.write("PATCH", "/by_name/hello/execute", "").is(200);
    }
    assert_eq!(service.get("/by_name/hello").json()["use_count"], 10);
}
