//! `<Error>`: the body of an error.

use bytes::Bytes;

use crate::characters::is_plain_name;
use crate::xml::problem::XmlError;
use crate::xml::reader::Reader;
use crate::xml::writer::Writer;

#[derive(Debug, Default)]
pub(crate) struct ErrorBody {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) details: Vec<(String, String)>,
}

/// Reads at most `max_details` children of at most `max_text` bytes each.
pub(crate) fn read(
    body: &[u8],
    max_details: usize,
    max_text: usize,
) -> Result<ErrorBody, XmlError> {
    let mut reader = Reader::of_answer(body);
    let root = reader.root("Error")?;
    let mut error = ErrorBody::default();
    while let Some(child) = reader.child(&root)? {
        match child.name() {
            "Code" => error.code = reader.text(&child, "Code", max_text)?.trim().to_owned(),
            "Message" => error.message = reader.text(&child, "Message", max_text)?.into_owned(),
            _ if error.details.len() >= max_details => reader.skip(&child)?,
            name => {
                let name = name.to_owned();
                let value = reader.text(&child, "Error", max_text)?.into_owned();
                error.details.push((name, value));
            }
        }
    }
    reader.finish()?;
    Ok(error)
}

pub(crate) fn write<'a>(
    code: &str,
    message: &str,
    details: impl Iterator<Item = (&'a str, &'a str)>,
) -> Bytes {
    let mut out = Writer::response(128 + message.len());
    out.raw("<Error>");
    out.element("Code", code);
    out.element("Message", message);
    for (name, value) in details.filter(|(name, _)| is_plain_name(name)) {
        out.element(name, value);
    }
    out.raw("</Error>");
    out.finish()
}
