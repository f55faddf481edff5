//! A client over HTTP that knows when it cannot know.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use queue_proto::DEVSTORE_ACCOUNT;
use queue_proto::{
    AccountName, CallOptions, Endpoint, Operation, OperationResponse as _, ResponseError,
    ServiceError,
};

use crate::common::sign;

/// One connection to a running emulator.
#[derive(Debug)]
pub(crate) struct Client {
    endpoint: Endpoint,
    stream: BufReader<TcpStream>,
}

/// Why an operation did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    Refused(ServiceError),
    /// No answer came: it was done or not.
    Lost,
}

impl Client {
    pub(crate) fn connect(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let account = AccountName::new(DEVSTORE_ACCOUNT).unwrap();
        let url = format!("http://127.0.0.1:{port}/{DEVSTORE_ACCOUNT}");
        let endpoint = Endpoint::parse(&url, account).unwrap();
        Ok(Self { endpoint, stream: BufReader::new(stream) })
    }

    pub(crate) fn call<O: Operation>(&mut self, operation: &O) -> Result<O::Response, Failure> {
        let request = operation.to_http(&self.endpoint, &CallOptions::default());
        let request = sign(request, SystemTime::now());
        let response = self.exchange(&request).map_err(|_| Failure::Lost)?;
        match O::Response::from_http(response) {
            Ok(response) => Ok(response),
            Err(ResponseError::Service(error)) => Err(Failure::Refused(error)),
            Err(error) => panic!("{error}"),
        }
    }

    fn exchange(&mut self, request: &Request<Bytes>) -> io::Result<Response<Bytes>> {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nhost: {}\r\n",
            request.method(),
            request.uri().path_and_query().unwrap(),
            request.uri().authority().unwrap()
        )
        .into_bytes();
        for (name, value) in request.headers().iter().filter(|(name, _)| *name != "host") {
            head.extend_from_slice(name.as_str().as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        head.extend_from_slice(request.body());
        self.stream.get_mut().write_all(&head)?;

        let status = self.line()?;
        let status = status.split(' ').nth(1).ok_or(io::ErrorKind::UnexpectedEof)?.to_owned();
        let mut response = Response::builder().status(status.as_str());
        let mut length = 0;
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap();
            }
            response = response.header(name, value.trim());
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(response.body(body.into()).unwrap())
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 || !line.ends_with('\n') {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}
