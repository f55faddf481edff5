//! `<StorageServiceProperties>` and `<StorageServiceStats>`.

use bytes::Bytes;

use crate::date;
use crate::message::first_illegal;
use crate::ops::{GeoReplicationStatus, GetServiceStatsResponse};
use crate::properties::{
    CorsRule, Logging, Metrics, OtherElement, RetentionDays, ServiceProperties,
};
use crate::xml::{Element, Reader, Writer, XmlError};

pub(crate) fn read(body: &[u8]) -> Result<ServiceProperties, XmlError> {
    let mut reader = Reader::new(body);
    let root = reader.root("StorageServiceProperties")?;
    let mut properties = ServiceProperties::new();
    while let Some(child) = reader.child(&root)? {
        match child.name() {
            "Logging" => properties.logging = Some(read_logging(&mut reader, &child)?),
            "HourMetrics" => properties.hour_metrics = Some(read_metrics(&mut reader, &child)?),
            "MinuteMetrics" => properties.minute_metrics = Some(read_metrics(&mut reader, &child)?),
            "Cors" => {
                let mut rules = Vec::new();
                while let Some(rule) = reader.child(&child)? {
                    if rule.name() != "CorsRule" {
                        return Err(XmlError::unsupported(&rule));
                    }
                    rules.push(read_rule(&mut reader, &rule)?);
                }
                properties.cors = Some(rules);
            }
            name => {
                let name = name.to_owned();
                reader.skip(&child)?;
                let xml = reader.slice(child.offset())?.to_owned();
                properties.other.push(OtherElement::new(name, xml));
            }
        }
    }
    reader.finish()?;
    Ok(properties)
}

fn read_logging(reader: &mut Reader<'_>, logging: &Element<'_>) -> Result<Logging, XmlError> {
    let (mut version, mut delete, mut read, mut write, mut retention) =
        (None, None, None, None, None);
    while let Some(child) = reader.child(logging)? {
        match child.name() {
            "Version" => version = Some(read_version(reader, &child)?),
            "Delete" => delete = Some(reader.parse(&child, "Delete", boolean)?),
            "Read" => read = Some(reader.parse(&child, "Read", boolean)?),
            "Write" => write = Some(reader.parse(&child, "Write", boolean)?),
            "RetentionPolicy" => retention = Some(read_retention(reader, &child)?),
            _ => reader.skip(&child)?,
        }
    }
    let missing = |name| XmlError::missing(name, logging);
    Ok(Logging {
        version: version.ok_or_else(|| missing("Version"))?,
        delete: delete.ok_or_else(|| missing("Delete"))?,
        read: read.ok_or_else(|| missing("Read"))?,
        write: write.ok_or_else(|| missing("Write"))?,
        retention: retention.ok_or_else(|| missing("RetentionPolicy"))?,
    })
}

fn read_metrics(reader: &mut Reader<'_>, metrics: &Element<'_>) -> Result<Metrics, XmlError> {
    let (mut version, mut enabled, mut include_apis, mut retention) = (None, None, None, None);
    while let Some(child) = reader.child(metrics)? {
        match child.name() {
            "Version" => version = Some(read_version(reader, &child)?),
            "Enabled" => enabled = Some(reader.parse(&child, "Enabled", boolean)?),
            "IncludeAPIs" => include_apis = Some(reader.parse(&child, "IncludeAPIs", boolean)?),
            "RetentionPolicy" => retention = Some(read_retention(reader, &child)?),
            _ => reader.skip(&child)?,
        }
    }
    let missing = |name| XmlError::missing(name, metrics);
    Ok(Metrics {
        version: version.ok_or_else(|| missing("Version"))?,
        enabled: enabled.ok_or_else(|| missing("Enabled"))?,
        include_apis,
        retention: retention.ok_or_else(|| missing("RetentionPolicy"))?,
    })
}

fn read_version(reader: &mut Reader<'_>, version: &Element<'_>) -> Result<String, XmlError> {
    reader.parse(version, "Version", |text| {
        ((1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()))
            .then(|| text.to_owned())
    })
}

fn read_retention(
    reader: &mut Reader<'_>,
    retention: &Element<'_>,
) -> Result<Option<RetentionDays>, XmlError> {
    let (mut enabled, mut days) = (None, None);
    while let Some(child) = reader.child(retention)? {
        match child.name() {
            "Enabled" => enabled = Some(reader.parse(&child, "Enabled", boolean)?),
            "Days" => {
                days =
                    Some(reader.parse(&child, "Days", |text| {
                        RetentionDays::new(text.parse().ok()?).ok()
                    })?);
            }
            _ => reader.skip(&child)?,
        }
    }
    match (enabled, days) {
        (Some(true), Some(days)) => Ok(Some(days)),
        (Some(true), None) => Err(XmlError::missing("Days", retention)),
        (Some(false), _) => Ok(None),
        (None, _) => Err(XmlError::missing("Enabled", retention)),
    }
}

fn read_rule(reader: &mut Reader<'_>, rule: &Element<'_>) -> Result<CorsRule, XmlError> {
    let (mut origins, mut methods, mut age, mut exposed, mut allowed) =
        (None, None, None, None, None);
    while let Some(child) = reader.child(rule)? {
        match child.name() {
            "AllowedOrigins" => origins = Some(reader.parse(&child, "AllowedOrigins", list)?),
            "AllowedMethods" => methods = Some(reader.parse(&child, "AllowedMethods", list)?),
            "MaxAgeInSeconds" => {
                age = Some(reader.parse(&child, "MaxAgeInSeconds", |text| text.parse().ok())?);
            }
            "ExposedHeaders" => exposed = Some(reader.parse(&child, "ExposedHeaders", list)?),
            "AllowedHeaders" => allowed = Some(reader.parse(&child, "AllowedHeaders", list)?),
            _ => reader.skip(&child)?,
        }
    }
    let missing = |name| XmlError::missing(name, rule);
    Ok(CorsRule {
        allowed_origins: origins.ok_or_else(|| missing("AllowedOrigins"))?,
        allowed_methods: methods.ok_or_else(|| missing("AllowedMethods"))?,
        max_age_seconds: age.ok_or_else(|| missing("MaxAgeInSeconds"))?,
        exposed_headers: exposed.ok_or_else(|| missing("ExposedHeaders"))?,
        allowed_headers: allowed.ok_or_else(|| missing("AllowedHeaders"))?,
    })
}

/// The service also takes booleans that start with a capital.
fn boolean(text: &str) -> Option<bool> {
    match text.trim() {
        text if text.eq_ignore_ascii_case("true") => Some(true),
        text if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn list(text: &str) -> Option<Vec<String>> {
    if first_illegal(text).is_some() {
        return None;
    }
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    Some(items.map(str::to_owned).collect())
}

fn write_into(out: &mut Writer, properties: &ServiceProperties) {
    out.open("StorageServiceProperties");
    if let Some(logging) = &properties.logging {
        out.open("Logging");
        out.element("Version", &logging.version);
        out.plain("Delete", logging.delete);
        out.plain("Read", logging.read);
        out.plain("Write", logging.write);
        write_retention(out, logging.retention);
        out.close("Logging");
    }
    write_metrics(out, "HourMetrics", properties.hour_metrics.as_ref());
    write_metrics(out, "MinuteMetrics", properties.minute_metrics.as_ref());
    match properties.cors.as_deref() {
        None => {}
        Some([]) => out.raw("<Cors />"),
        Some(rules) => {
            out.open("Cors");
            rules.iter().for_each(|rule| write_rule(out, rule));
            out.close("Cors");
        }
    }
    for other in &properties.other {
        out.raw(other.xml());
    }
    out.close("StorageServiceProperties");
}

fn write_metrics(out: &mut Writer, name: &str, metrics: Option<&Metrics>) {
    if let Some(metrics) = metrics {
        out.open(name);
        out.element("Version", &metrics.version);
        out.plain("Enabled", metrics.enabled);
        out.plain_if("IncludeAPIs", metrics.include_apis);
        write_retention(out, metrics.retention);
        out.close(name);
    }
}

fn write_retention(out: &mut Writer, retention: Option<RetentionDays>) {
    out.open("RetentionPolicy");
    out.plain("Enabled", retention.is_some());
    out.plain_if("Days", retention.map(RetentionDays::get));
    out.close("RetentionPolicy");
}

fn write_rule(out: &mut Writer, rule: &CorsRule) {
    out.open("CorsRule");
    out.element("AllowedOrigins", &rule.allowed_origins.join(","));
    out.element("AllowedMethods", &rule.allowed_methods.join(","));
    out.plain("MaxAgeInSeconds", rule.max_age_seconds);
    out.element("ExposedHeaders", &rule.exposed_headers.join(","));
    out.element("AllowedHeaders", &rule.allowed_headers.join(","));
    out.close("CorsRule");
}

pub(crate) fn write_request(properties: &ServiceProperties) -> Bytes {
    let mut out = Writer::request(1024);
    write_into(&mut out, properties);
    out.finish()
}

pub(crate) fn write_response(properties: &ServiceProperties) -> Bytes {
    let mut out = Writer::response(1024);
    write_into(&mut out, properties);
    out.finish()
}

pub(crate) fn read_stats(body: &[u8]) -> Result<GetServiceStatsResponse, XmlError> {
    let mut reader = Reader::new(body);
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
                    let text = reader.text(&item, 64)?;
                    status = Some(GeoReplicationStatus::from(&*text));
                }
                "LastSyncTime" => {
                    synced = reader.parse(&item, "LastSyncTime", |text| match text {
                        "" => Some(None),
                        text => date::parse_http(text).map(Some),
                    })?;
                }
                _ => reader.skip(&item)?,
            }
        }
    }
    let status = status.ok_or_else(|| XmlError::missing("Status", &root))?;
    reader.finish()?;
    Ok(GetServiceStatsResponse::new(status, synced))
}

pub(crate) fn write_stats(stats: &GetServiceStatsResponse) -> Bytes {
    let mut out = Writer::response(192);
    out.raw("<StorageServiceStats><GeoReplication>");
    out.element("Status", stats.status.as_str());
    match stats.last_sync_time {
        Some(time) => out.plain("LastSyncTime", date::http(time)),
        None => out.raw("<LastSyncTime />"),
    }
    out.raw("</GeoReplication></StorageServiceStats>");
    out.finish()
}
