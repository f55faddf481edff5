//! Names of metadata keep their case over the transport that can keep it.

use std::io::Write as _;
use std::sync::{Mutex, mpsc};

use queue_client::transport::{HttpOptions, HyperTransport, Transport as _};
use queue_proto::ops::{CreateQueue, GetQueueMetadata, GetQueueMetadataResponse, PutMessage};
use queue_proto::{
    CallOptions, Endpoint, MessageText, Metadata, MetadataNames, Operation as _,
    OperationResponse as _,
};

use crate::server::{EMPTY, Server, read_request};

#[tokio::test]
async fn names_of_metadata_keep_their_case_both_ways() {
    let (sender, requests) = mpsc::channel();
    let sender = Mutex::new(sender);
    let server = Server::start(move |mut stream, _| {
        while let Some(request) = read_request(&mut stream) {
            let asked = request.starts_with("GET ");
            sender.lock().unwrap().send(request).unwrap();
            if !asked {
                stream.write_all(EMPTY).unwrap();
                continue;
            }
            let head = "HTTP/1.1 200 OK\r\nX-Ms-Meta-ClientName: fast\r\nx-ms-meta-plain: 1\r\n\
                        x-ms-approximate-messages-count: 0\r\ncontent-length: 0\r\n\r\n";
            // In pieces, and one of them ends within a name.
            for piece in head.as_bytes().chunks(27) {
                stream.write_all(piece).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        }
    });
    let at = Endpoint::parse(&server.url("/acct"), "acct".parse().unwrap()).unwrap();
    let queue: queue_proto::QueueName = "jobs".parse().unwrap();
    let transport = HyperTransport::with_options(&HttpOptions::new()).unwrap();
    let metadata =
        Metadata::try_from([("ClientName", "fast"), ("plain", "1"), ("_X", "")]).unwrap();
    let create = CreateQueue::new(queue.clone()).metadata(metadata);
    let get = GetQueueMetadata::new(queue.clone());
    let options = CallOptions::default();
    for _ in 0..2 {
        transport.send(create.to_http(&at, &options)).await.unwrap();
        let request = requests.recv().unwrap();
        for line in ["\r\nx-ms-meta-ClientName: fast\r\n", "\r\nx-ms-meta-plain: 1\r\n"] {
            assert!(request.contains(line), "{request}");
        }
        assert!(request.contains("\r\nx-ms-meta-_X:"), "{request}");

        let response = transport.send(get.to_http(&at, &options)).await.unwrap();
        requests.recv().unwrap();
        let response = GetQueueMetadataResponse::from_http(response).unwrap();
        let names: Vec<_> = response.metadata().iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["ClientName", "plain"]);

        // What has no metadata has no spelling, on the same connection.
        let text = MessageText::new("x-ms-meta-clientname: 1").unwrap();
        let put = PutMessage::new(queue.clone(), text).to_http(&at, &options);
        let response = transport.send(put).await.unwrap();
        requests.recv().unwrap();
        assert!(response.extensions().get::<MetadataNames>().is_none());
    }
    assert_eq!(server.connections(), 1);
}
