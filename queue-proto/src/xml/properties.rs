//! `<StorageServiceProperties>`: the settings of a queue service.

use bytes::Bytes;

use crate::characters::first_illegal;
use crate::properties::{
    CorsRule, Logging, Metrics, OtherElement, RetentionDays, ServiceProperties,
};
use crate::version::ServiceVersion;
use crate::xml::element::Element;
use crate::xml::problem::XmlError;
use crate::xml::reader::Reader;
use crate::xml::writer::Writer;

/// Since this version there are metrics by the minute and CORS; before, the metrics by the hour are
/// called `Metrics`, and both roots must be set together.
const HOUR_AND_MINUTE: ServiceVersion = ServiceVersion::known(2013, 8, 15);

/// Reads the body of Set Queue Service Properties, as strictly as a service of `version` does.
pub(crate) fn read_request(
    body: &[u8],
    version: ServiceVersion,
) -> Result<ServiceProperties, XmlError> {
    read(Reader::of_request(body), version)
}

/// Reads the answer to Get Queue Service Properties.
pub(crate) fn read_answer(body: &[u8]) -> Result<ServiceProperties, XmlError> {
    read(Reader::of_answer(body), ServiceVersion::LATEST)
}

fn read(mut reader: Reader<'_>, version: ServiceVersion) -> Result<ServiceProperties, XmlError> {
    let is_old = version < HOUR_AND_MINUTE;
    let root = reader.root("StorageServiceProperties")?;
    let mut properties = ServiceProperties::new();
    while let Some(child) = reader.child(&root)? {
        match child.name() {
            "Logging" => {
                let value = read_logging(&mut reader, &child)?;
                reader.put(&mut properties.logging, "Logging", value)?;
            }
            "Metrics" if is_old => {
                let value = read_metrics(&mut reader, &child)?;
                reader.put(&mut properties.hour_metrics, "Metrics", value)?;
            }
            "HourMetrics" if !is_old => {
                let value = read_metrics(&mut reader, &child)?;
                reader.put(&mut properties.hour_metrics, "HourMetrics", value)?;
            }
            "MinuteMetrics" if !is_old => {
                let value = read_metrics(&mut reader, &child)?;
                reader.put(&mut properties.minute_metrics, "MinuteMetrics", value)?;
            }
            "Cors" if !is_old => {
                let value = read_rules(&mut reader, &child)?;
                reader.put(&mut properties.cors, "Cors", value)?;
            }
            _ if reader.is_request() => return Err(child.unsupported()),
            name => {
                let name = name.to_owned();
                reader.skip(&child)?;
                let xml = reader.slice(child.offset())?.to_owned();
                properties.other.push(OtherElement::new(name, xml));
            }
        }
    }
    if is_old && properties.logging.is_none() {
        return Err(root.missing("Logging"));
    }
    if is_old && properties.hour_metrics.is_none() {
        return Err(root.missing("Metrics"));
    }
    reader.finish()?;
    Ok(properties)
}

fn read_logging(reader: &mut Reader<'_>, logging: &Element<'_>) -> Result<Logging, XmlError> {
    let (mut version, mut delete, mut read, mut write, mut retention) =
        (None, None, None, None, None);
    while let Some(child) = reader.child(logging)? {
        match child.name() {
            "Version" => read_version(reader, &child, &mut version)?,
            "Delete" => read_boolean(reader, &child, "Delete", &mut delete)?,
            "Read" => read_boolean(reader, &child, "Read", &mut read)?,
            "Write" => read_boolean(reader, &child, "Write", &mut write)?,
            "RetentionPolicy" => {
                let value = read_retention(reader, &child)?;
                reader.put(&mut retention, "RetentionPolicy", value)?;
            }
            _ => reader.unknown(&child)?,
        }
    }
    let missing = |name| logging.missing(name);
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
            "Version" => read_version(reader, &child, &mut version)?,
            "Enabled" => read_boolean(reader, &child, "Enabled", &mut enabled)?,
            "IncludeAPIs" => read_boolean(reader, &child, "IncludeAPIs", &mut include_apis)?,
            "RetentionPolicy" => {
                let value = read_retention(reader, &child)?;
                reader.put(&mut retention, "RetentionPolicy", value)?;
            }
            _ => reader.unknown(&child)?,
        }
    }
    let missing = |name| metrics.missing(name);
    Ok(Metrics {
        version: version.ok_or_else(|| missing("Version"))?,
        enabled: enabled.ok_or_else(|| missing("Enabled"))?,
        include_apis,
        retention: retention.ok_or_else(|| missing("RetentionPolicy"))?,
    })
}

fn read_version(
    reader: &mut Reader<'_>,
    element: &Element<'_>,
    place: &mut Option<String>,
) -> Result<(), XmlError> {
    let value = reader.parse(element, "Version", |text| {
        ((1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()))
            .then(|| text.to_owned())
    })?;
    reader.put(place, "Version", value)
}

fn read_boolean(
    reader: &mut Reader<'_>,
    element: &Element<'_>,
    name: &'static str,
    place: &mut Option<bool>,
) -> Result<(), XmlError> {
    let value = reader.parse(element, name, boolean)?;
    reader.put(place, name, value)
}

fn read_retention(
    reader: &mut Reader<'_>,
    retention: &Element<'_>,
) -> Result<Option<RetentionDays>, XmlError> {
    let (mut enabled, mut days) = (None, None);
    while let Some(child) = reader.child(retention)? {
        match child.name() {
            "Enabled" => read_boolean(reader, &child, "Enabled", &mut enabled)?,
            "Days" => {
                let value = reader
                    .parse(&child, "Days", |text| RetentionDays::new(text.parse().ok()?).ok())?;
                reader.put(&mut days, "Days", value)?;
            }
            _ => reader.unknown(&child)?,
        }
    }
    match (enabled, days) {
        (Some(true), Some(days)) => Ok(Some(days)),
        (Some(true), None) => Err(retention.missing("Days")),
        // The reference gives the element a meaning only where the policy is enabled.
        (Some(false), Some(_)) if reader.is_request() => Err(retention.wrong("Days")),
        (Some(false), _) => Ok(None),
        (None, _) => Err(retention.missing("Enabled")),
    }
}

fn read_rules(reader: &mut Reader<'_>, cors: &Element<'_>) -> Result<Vec<CorsRule>, XmlError> {
    let mut rules = Vec::new();
    while let Some(rule) = reader.child(cors)? {
        match rule.name() {
            "CorsRule" => rules.push(read_rule(reader, &rule)?),
            _ => reader.unknown(&rule)?,
        }
    }
    Ok(rules)
}

fn read_rule(reader: &mut Reader<'_>, rule: &Element<'_>) -> Result<CorsRule, XmlError> {
    let (mut origins, mut methods, mut age, mut exposed, mut allowed) =
        (None, None, None, None, None);
    while let Some(child) = reader.child(rule)? {
        match child.name() {
            "AllowedOrigins" => read_items(reader, &child, "AllowedOrigins", &mut origins)?,
            "AllowedMethods" => read_items(reader, &child, "AllowedMethods", &mut methods)?,
            "MaxAgeInSeconds" => {
                let value = reader.parse(&child, "MaxAgeInSeconds", |text| text.parse().ok())?;
                reader.put(&mut age, "MaxAgeInSeconds", value)?;
            }
            "ExposedHeaders" => read_items(reader, &child, "ExposedHeaders", &mut exposed)?,
            "AllowedHeaders" => read_items(reader, &child, "AllowedHeaders", &mut allowed)?,
            _ => reader.unknown(&child)?,
        }
    }
    let missing = |name| rule.missing(name);
    Ok(CorsRule {
        allowed_origins: origins.ok_or_else(|| missing("AllowedOrigins"))?,
        allowed_methods: methods.ok_or_else(|| missing("AllowedMethods"))?,
        max_age_seconds: age.ok_or_else(|| missing("MaxAgeInSeconds"))?,
        exposed_headers: exposed.ok_or_else(|| missing("ExposedHeaders"))?,
        allowed_headers: allowed.ok_or_else(|| missing("AllowedHeaders"))?,
    })
}

fn read_items(
    reader: &mut Reader<'_>,
    element: &Element<'_>,
    name: &'static str,
    place: &mut Option<Vec<String>>,
) -> Result<(), XmlError> {
    let value = reader.parse(element, name, list)?;
    reader.put(place, name, value)
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

fn write_into(out: &mut Writer, properties: &ServiceProperties, version: ServiceVersion) {
    let is_old = version < HOUR_AND_MINUTE;
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
    let hour = if is_old { "Metrics" } else { "HourMetrics" };
    write_metrics(out, hour, properties.hour_metrics.as_ref());
    if !is_old {
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

/// Writes the body of Set Queue Service Properties.
pub(crate) fn write_request(properties: &ServiceProperties) -> Bytes {
    let mut out = Writer::request(1024);
    write_into(&mut out, properties, ServiceVersion::LATEST);
    out.finish()
}

/// Writes the answer to Get Queue Service Properties as a service of `version` does.
pub(crate) fn write_response(properties: &ServiceProperties, version: ServiceVersion) -> Bytes {
    let mut out = Writer::response(1024);
    write_into(&mut out, properties, version);
    out.finish()
}
