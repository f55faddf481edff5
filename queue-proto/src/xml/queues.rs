//! `<EnumerationResults>`: a page of queues.

use bytes::Bytes;

use crate::characters::is_plain_name;
use crate::error::DecodeError;
use crate::listing::{ListQueuesResponse, Marker, QueueItem, QueuePrefix};
use crate::metadata::Metadata;
use crate::name::QueueName;
use crate::version::ServiceVersion;
use crate::xml::element::{Element, MAX_TEXT};
use crate::xml::problem::XmlError;
use crate::xml::reader::Reader;
use crate::xml::writer::Writer;

/// What stands in the place of a metadata item whose name is no XML name.
const INVALID_NAME: &str = "x-ms-invalid-name";

pub(crate) fn read(body: &[u8]) -> Result<ListQueuesResponse, DecodeError> {
    let mut reader = Reader::of_answer(body);
    let root = reader.root("EnumerationResults")?;
    let mut page = ListQueuesResponse::new(root.attribute("ServiceEndpoint").unwrap_or_default());
    while let Some(child) = reader.child(&root)? {
        match child.name() {
            "Prefix" => page.prefix = optional(&mut reader, &child, "Prefix", QueuePrefix::new)?,
            "Marker" => page.marker = optional(&mut reader, &child, "Marker", Marker::new)?,
            "MaxResults" => {
                page.max_results =
                    Some(reader.parse(&child, "MaxResults", |text| text.parse().ok())?);
            }
            "Queues" => {
                while let Some(queue) = reader.child(&child)? {
                    if queue.name() == "Queue" {
                        page.queues.push(read_queue(&mut reader, &queue)?);
                    } else {
                        reader.skip(&queue)?;
                    }
                }
            }
            "NextMarker" => {
                page.next_marker = optional(&mut reader, &child, "NextMarker", Marker::new)?;
            }
            _ => reader.skip(&child)?,
        }
    }
    reader.finish()?;
    Ok(page)
}

/// The value of an element that counts as absent when it is empty.
fn optional<T, E: std::error::Error + Send + Sync + 'static>(
    reader: &mut Reader<'_>,
    element: &Element<'_>,
    name: &'static str,
    check: impl FnOnce(String) -> Result<T, E>,
) -> Result<Option<T>, XmlError> {
    reader.checked(element, name, |text| match text {
        "" => Ok(None),
        text => check(text.to_owned()).map(Some),
    })
}

fn read_queue(reader: &mut Reader<'_>, queue: &Element<'_>) -> Result<QueueItem, XmlError> {
    let mut name = None;
    let mut metadata = None;
    let mut invalid = Vec::new();
    while let Some(child) = reader.child(queue)? {
        match child.name() {
            "Name" => name = Some(reader.checked(&child, "Name", str::parse::<QueueName>)?),
            "Metadata" => {
                let items: &mut Metadata = metadata.get_or_insert_default();
                while let Some(item) = reader.child(&child)? {
                    let value = reader.text(&item, "Metadata", MAX_TEXT)?;
                    let value = value.trim_ascii();
                    if item.name().eq_ignore_ascii_case(INVALID_NAME) {
                        invalid.push(value.to_owned());
                    } else if !is_plain_name(item.name()) {
                        invalid.push(item.name().to_owned());
                    } else if !items.push_received(item.name(), value) {
                        return Err(child.wrong("Metadata"));
                    }
                }
            }
            _ => reader.skip(&child)?,
        }
    }
    let name = name.ok_or_else(|| queue.missing("Name"))?;
    let mut item = QueueItem::new(name);
    item.metadata = metadata;
    item.invalid_metadata_names = invalid;
    Ok(item)
}

/// Since this version lists name the endpoint of the service; before, they name it as the account, and
/// the URL of each queue.
const SERVICE_ENDPOINT: ServiceVersion = ServiceVersion::known(2013, 8, 15);

/// Writes the answer to List Queues as a service of `version` does.
pub(crate) fn write(page: &ListQueuesResponse, version: ServiceVersion) -> Bytes {
    let is_old = version < SERVICE_ENDPOINT;
    let mut out = Writer::response(256 + page.queues.len() * 64);
    out.raw("<EnumerationResults");
    let attribute = if is_old { "AccountName" } else { "ServiceEndpoint" };
    out.attribute(attribute, &page.service_endpoint);
    out.raw(">");
    out.element_if("Prefix", page.prefix.as_ref().map(QueuePrefix::as_str));
    out.element_if("Marker", page.marker.as_ref().map(Marker::as_str));
    out.plain_if("MaxResults", page.max_results);
    if page.queues.is_empty() {
        out.raw("<Queues />");
    } else {
        out.open("Queues");
        for queue in &page.queues {
            write_queue(&mut out, queue, is_old.then_some(&page.service_endpoint));
        }
        out.close("Queues");
    }
    match &page.next_marker {
        Some(marker) => out.element("NextMarker", marker.as_str()),
        None => out.raw("<NextMarker />"),
    }
    out.raw("</EnumerationResults>");
    out.finish()
}

/// Writes a queue, with its URL if the endpoint of the service is given.
fn write_queue(out: &mut Writer, queue: &QueueItem, endpoint: Option<&String>) {
    out.open("Queue");
    out.element("Name", queue.name.as_str());
    if let Some(endpoint) = endpoint {
        out.element("Url", &format!("{endpoint}{}", queue.name));
    }
    if let Some(metadata) = &queue.metadata {
        let invalid = metadata
            .iter()
            .map(|(name, _)| name)
            .filter(|name| !is_plain_name(name))
            .chain(queue.invalid_metadata_names.iter().map(String::as_str));
        let mut invalid = invalid.peekable();
        if metadata.is_empty() && invalid.peek().is_none() {
            out.raw("<Metadata />");
        } else {
            out.open("Metadata");
            for (name, value) in metadata.iter().filter(|(name, _)| is_plain_name(name)) {
                out.element(name, value);
            }
            for name in invalid {
                out.element(INVALID_NAME, name);
            }
            out.close("Metadata");
        }
    }
    out.close("Queue");
}
