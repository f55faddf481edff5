//! `<StorageServiceStats>`: how the copy of an account in another region does.

use std::time::SystemTime;

use bytes::Bytes;

use crate::date::http;
use crate::replication::GeoReplicationStatus;
use crate::xml::problem::XmlError;
use crate::xml::reader::Reader;
use crate::xml::writer::Writer;

/// Reads the answer to Get Queue Service Stats.
pub(crate) fn read(body: &[u8]) -> Result<(GeoReplicationStatus, Option<SystemTime>), XmlError> {
    let mut reader = Reader::of_answer(body);
    let root = reader.root("StorageServiceStats")?;
    let (mut status, mut synced) = (None, None);
    while let Some(child) = reader.child(&root)? {
        if child.name() != "GeoReplication" {
            reader.skip(&child)?;
            continue;
        }
        while let Some(item) = reader.child(&child)? {
            match item.name() {
                "Status" => {
                    let text = reader.text(&item, "Status", 64)?;
                    status = Some(GeoReplicationStatus::from(text.trim_ascii()));
                }
                "LastSyncTime" => {
                    synced = reader.parse(&item, "LastSyncTime", |text| match text {
                        "" => Some(None),
                        text => http::parse(text).map(Some),
                    })?;
                }
                _ => reader.skip(&item)?,
            }
        }
    }
    let status = status.ok_or_else(|| root.missing("Status"))?;
    reader.finish()?;
    Ok((status, synced))
}

/// Writes the answer to Get Queue Service Stats.
pub(crate) fn write(status: &GeoReplicationStatus, last_sync_time: Option<SystemTime>) -> Bytes {
    let mut out = Writer::response(192);
    out.raw("<StorageServiceStats><GeoReplication>");
    out.element("Status", status.as_str());
    match last_sync_time {
        Some(time) => out.plain("LastSyncTime", http::display(time)),
        None => out.raw("<LastSyncTime />"),
    }
    out.raw("</GeoReplication></StorageServiceStats>");
    out.finish()
}
