//! The order of the checks: of two things that are wrong, the one that the service looks at first
//! is answered.

use crate::wire::{MESSAGE, Reply, Wire};

#[test]
fn the_first_check_that_fails_is_answered() {
    let wire = Wire::with(|builder| builder.forbid_shared_key());
    let long = "x".repeat(200_000);
    let reply = |reply: Reply| (reply.status, reply.code().to_owned());
    // Each row mends what the row above was refused for, and leaves everything else broken.
    let target = "/Jobs/messages/x?peekonly=maybe&visibilitytimeout=x";
    let rows = [
        reply(
            wire.call("FETCH", target)
                .body(&long)
                .header("origin", "a")
                .header("origin", "b")
                .version("x")
                .anonymous()
                .send(),
        ),
        reply(wire.call("FETCH", target).body(&long).version("x").anonymous().send()),
        reply(wire.call("FETCH", target).version("x").anonymous().send()),
        reply(wire.call("FETCH", "/jobs/messages?peekonly=maybe").version("x").anonymous().send()),
        reply(wire.call("FETCH", "/jobs/messages?peekonly=maybe").anonymous().send()),
        reply(wire.call("FETCH", "/jobs/messages?peekonly=maybe").send()),
    ];
    let wanted = [
        (400, "InvalidHeaderValue"),
        (413, "RequestBodyTooLarge"),
        (400, "InvalidResourceName"),
        (400, "InvalidHeaderValue"),
        (401, "NoAuthenticationInformation"),
        (403, "KeyBasedAuthenticationNotPermitted"),
    ];
    assert_eq!(rows, wanted.map(|(status, code)| (status, code.to_owned())));

    let wire = Wire::new();
    let rows = [
        reply(
            wire.call("FETCH", "/jobs/messages")
                .body("x")
                .secondary()
                .header("content-md5", "x")
                .send(),
        ),
        reply(wire.post("/jobs/messages").body("x").secondary().header("content-md5", "x").send()),
        reply(wire.post("/jobs/messages").body("x").header("content-md5", "x").no_length().send()),
        reply(wire.post("/jobs/messages").body("x").header("content-md5", "x").send()),
        reply(wire.post("/jobs/messages").body("x").send()),
        reply(wire.post("/jobs/messages").body(MESSAGE).send()),
    ];
    let wanted = [
        (400, "InvalidHttpVerb"),
        (403, "InsufficientAccountPermissions"),
        (411, "MissingContentLengthHeader"),
        (400, "InvalidMd5"),
        (400, "InvalidXmlDocument"),
        (404, "QueueNotFound"),
    ];
    assert_eq!(rows, wanted.map(|(status, code)| (status, code.to_owned())));
}
