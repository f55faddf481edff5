//! The server of the client benchmark: reads a request and answers what is canned for its method.
//!
//! It costs little, runs in its own process, and its time is not counted.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::Outcome;
use crate::wire::Answers;

/// Listens on a free port, prints it, and answers until it is killed.
pub fn run() -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?.port());
        let answers = Arc::new(Answers::new());
        loop {
            let (stream, _) = listener.accept().await?;
            let answers = Arc::clone(&answers);
            // A client that goes away ends its connection with an error, which is nothing to tell.
            tokio::spawn(async move { serve(stream, &answers).await });
        }
    })
}

async fn serve(mut stream: TcpStream, answers: &Answers) -> Outcome {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(16 * 1024);
    loop {
        let (head, body) = loop {
            if let Some(found) = crate::load::head_of(&buffer) {
                break found;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        while buffer.len() < head + body {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
        let answer = match buffer.first() {
            Some(b'G') => &answers.get,
            Some(b'D') => &answers.delete,
            _ => &answers.put,
        };
        buffer.drain(..head + body);
        stream.write_all(answer).await?;
    }
}
