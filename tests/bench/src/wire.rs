//! What travels between the clients and the stub.

/// The account that every copy of the official emulator knows, and its key.
pub const ACCOUNT: &str = "devstoreaccount1";
/// The key of [`ACCOUNT`].
pub const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
/// The queue of the benchmark.
pub const QUEUE: &str = "bench";
/// The id of the message that is deleted.
pub const MESSAGE_ID: &str = "5f2c9a51-9d0b-4c7e-8a36-0f5b1c2d3e00";
/// Its receipt.
pub const POP_RECEIPT: &str = "AgAAAAMAAAAAAAAApfesaQUG1QE=";
/// The version of the service that the raw contestants name.
pub const VERSION: &str = "2026-02-06";
/// A date and a signature of the usual length, for the contestants that do not sign.
pub const DATE: &str = "Wed, 23 Sep 2026 10:00:00 GMT";
/// See [`DATE`].
pub const AUTHORIZATION: &str =
    "SharedKey devstoreaccount1:UmXLpKmkHLzkJ5uvvsWTp9AYmsy1cG3+LJsdWgUSKJk=";
/// A shared access signature of the usual length.
pub const SAS: &str = "sv=2026-02-06&ss=q&srt=sco&sp=rwdlacup&se=2030-01-01T00%3A00%3A00Z\
                       &spr=https%2Chttp&sig=UmXLpKmkHLzkJ5uvvsWTp9AYmsy1cG3%2BLJsdWgUSKJk%3D";

/// The text of a message: 1 KiB.
pub fn text() -> String {
    "SGVsbG8gd29ybGQh".repeat(64)
}

/// The body of a Put Message request.
pub fn put_body() -> String {
    format!("<QueueMessage><MessageText>{}</MessageText></QueueMessage>", text())
}

/// The path of the messages of the queue.
pub fn messages_path() -> String {
    format!("/{ACCOUNT}/{QUEUE}/messages")
}

/// Path and query of Delete Message.
pub fn delete_path() -> String {
    format!("{}/{MESSAGE_ID}?popreceipt={}", messages_path(), POP_RECEIPT.replace('=', "%3D"))
}

/// The connection string for a server on this port.
pub fn connection_string(port: u16) -> String {
    format!(
        "DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};\
         QueueEndpoint=http://127.0.0.1:{port}/{ACCOUNT};"
    )
}

/// A connection string with the signature for the stub.
pub fn connection_string_with_sas(port: u16) -> String {
    format!("QueueEndpoint=http://127.0.0.1:{port}/{ACCOUNT};SharedAccessSignature={SAS}")
}

/// The three answers of the stub, whole.
#[derive(Debug)]
pub struct Answers {
    pub put: Vec<u8>,
    pub get: Vec<u8>,
    pub delete: Vec<u8>,
}

impl Answers {
    /// As the service writes them ("Put Message", "Get Messages", "Delete Message"), the byte order
    /// mark before the XML included.
    pub fn new() -> Self {
        // Each message of its own second, and all received together.
        let message = |id: &str, second: u8, visible: &str, more: &str| {
            format!(
                "<QueueMessage><MessageId>{id}</MessageId>\
                 <InsertionTime>Wed, 23 Sep 2026 10:00:{second:02} GMT</InsertionTime>\
                 <ExpirationTime>Wed, 30 Sep 2026 10:00:{second:02} GMT</ExpirationTime>\
                 <PopReceipt>{POP_RECEIPT}</PopReceipt>\
                 <TimeNextVisible>Wed, 23 Sep 2026 10:{visible} GMT</TimeNextVisible>{more}\
                 </QueueMessage>"
            )
        };
        let list = |messages: &str| {
            format!(
                "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\
                 <QueueMessagesList>{messages}</QueueMessagesList>"
            )
        };
        let put = list(&message(MESSAGE_ID, 0, "00:00", ""));
        let text = text();
        let content = format!("<DequeueCount>1</DequeueCount><MessageText>{text}</MessageText>");
        let id = MESSAGE_ID.split_at(34).0;
        let messages: String = (0..32)
            .map(|number| message(&format!("{id}{number:02}"), number, "01:30", &content))
            .collect();
        Self {
            put: answer("201 Created", Some(&put)),
            get: answer("200 OK", Some(&list(&messages))),
            delete: answer("204 No Content", None),
        }
    }
}

impl Default for Answers {
    fn default() -> Self {
        Self::new()
    }
}

fn answer(status: &str, xml: Option<&str>) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\nServer: Windows-Azure-Queue/1.0 Microsoft-HTTPAPI/2.0\r\n\
         x-ms-request-id: 6c2a4722-d003-006f-0ce7-4a5b8d000000\r\nx-ms-version: {VERSION}\r\n\
         Date: {DATE}\r\n"
    );
    let body = match xml {
        None => "Content-Length: 0\r\n\r\n".to_owned(),
        Some(xml) => format!(
            "Cache-Control: no-cache\r\nContent-Type: application/xml\r\nContent-Length: {}\r\n\r\n\
             {xml}",
            xml.len()
        ),
    };
    (head + &body).into_bytes()
}
