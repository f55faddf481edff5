//! The files of the page, which are part of the program.

use bytes::Bytes;
use http::{Method, Response};

use super::answer::{Failure, of_type};

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

macro_rules! files {
    ($($path:literal, $file:literal, $media_type:expr;)*) => {
        &[$(($path, $media_type, include_bytes!(concat!("page/", $file)))),*]
    };
}

/// Path, type and content of each file.
const FILES: &[(&str, &str, &[u8])] = files! {
    "/", "index.html", HTML;
    "/page.css", "page.css", STYLE;
    "/icon.svg", "icon.svg", "image/svg+xml";
    "/page.js", "page.js", SCRIPT;
    "/api.js", "api.js", SCRIPT;
    "/dom.js", "dom.js", SCRIPT;
    "/text.js", "text.js", SCRIPT;
    "/body.js", "body.js", SCRIPT;
    "/queues.js", "queues.js", SCRIPT;
    "/queue.js", "queue.js", SCRIPT;
    "/message.js", "message.js", SCRIPT;
    "/requests.js", "requests.js", SCRIPT;
    "/clock.js", "clock.js", SCRIPT;
    "/faults.js", "faults.js", SCRIPT;
    "/connect.js", "connect.js", SCRIPT;
};

/// Finds a file of the page.
pub(super) fn find(method: &Method, path: &str) -> Result<Response<Bytes>, Failure> {
    if *method != Method::GET && *method != Method::HEAD {
        return Err(Failure::method("GET".to_owned()));
    }
    let found = FILES.iter().find(|(known, ..)| *known == path);
    let (_, media_type, content) =
        found.ok_or_else(|| Failure::missing("the page has no such file"))?;
    Ok(of_type(media_type, Bytes::from_static(content)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_small() {
        let size: usize = FILES.iter().map(|(_, _, content)| content.len()).sum();
        assert!(size < 100 * 1024, "the page has {size} bytes");
    }
}
