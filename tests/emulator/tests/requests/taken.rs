//! What the emulator takes beyond the service, row by row as its README lists it: a row that is not
//! true any more fails here.

use queue_auth::sas::QueueSas;
use queue_proto::DEVSTORE_ACCOUNT;

use crate::wire::{MESSAGE, Reply, Wire, key};

#[test]
fn what_the_readme_lists_is_taken() {
    let wire = Wire::new();
    wire.queue("jobs");
    for version in ["2019-12-13", "2031-01-01"] {
        let reply = wire.get("?comp=list").version(version).send().expect(200);
        assert_eq!(reply.header("x-ms-version"), version);
    }
    wire.get("?comp=list&unknown=1&restype=service").send().expect(200);
    wire.get("/jobs/messages?numofmessages=01&visibilitytimeout=0030").send().expect(200);
    let reply = wire.get("/jobs/messages?numofmessages=-0").send();
    reply.refused(400, "OutOfRangeQueryParameterValue");
    wire.get("?COMP=LIST").send().expect(200);
    wire.get("/jobs/messages?peekonly=True").send().expect(200);
    let mut request = wire.get("?comp=list").request();
    let header = request.headers()["authorization"].to_str().unwrap();
    let header = header.replace("SharedKey", "sharedkey").parse().unwrap();
    request.headers_mut().insert("authorization", header);
    Reply::new(wire.emulator.handle(request)).expect(200);
    let post = || wire.post("/jobs/messages").body(MESSAGE);
    post().header("content-type", "text/plain").send().expect(201);
    post().lite().send().expect(201);
    let call =
        wire.get("/jobs?comp=metadata").body("not asked for").header("expect", "100-continue");
    call.header("range", "bytes=0-1").header("if-match", "\"x\"").send().expect(200);
    let sas = QueueSas::new("jobs", "r".parse().unwrap(), wire.after(60));
    let sas = sas.sign(DEVSTORE_ACCOUNT, &key()).unwrap();
    let with_resource = format!("{}&sr=q", sas.expose());
    wire.get("/jobs?comp=metadata").query(&with_resource).send().expect(200);
    // The secondary is signed as its path stands; `queue-auth` tests the other way.
    let read = wire.get("/jobs?comp=metadata").secondary();
    read.send().expect(200);
}
