//! The strings that shared access signatures sign, by kind, service and version.
//!
//! Come here when a version of the service signs one line more. Source: the pages on service, account
//! and user delegation SAS of the REST reference, and what the official SDKs sign.

use super::error::InvalidSas;
use super::fields::Fields;
use super::kind::SasKind;
use super::resource::SasResource;
use super::version::SasVersion;
use crate::service::Service;

/// The lines that are no field of the token.
const RESOURCE: &str = "the resource";
const ACCOUNT: &str = "the account";
const TIME: &str = "snapshot time";

/// The lines that a signature signs, in their order: names of fields, or what stands there in words.
pub(crate) fn lines_of(kind: SasKind, service: Service, version: SasVersion) -> Vec<&'static str> {
    let limits = ["sip", "spr"];
    if kind == SasKind::Account {
        let mut lines = vec![ACCOUNT, "sp", "ss", "srt", "st", "se"];
        lines.extend(limits);
        lines.push("sv");
        lines.extend((version >= SasVersion::V2020_12_06).then_some("ses"));
        return lines;
    }
    let is_blob = service == Service::Blob;
    let delegated = kind == SasKind::UserDelegation;
    let mut lines = vec!["sp", "st", "se", RESOURCE];
    if delegated {
        lines.extend(["skoid", "sktid", "skt", "ske", "sks", "skv"]);
        if is_blob && version >= SasVersion::V2020_02_10 {
            lines.extend(["saoid", "suoid", "scid"]);
        }
        if version >= SasVersion::V2025_07_05 {
            lines.extend(["skdutid", "sduoid"]);
        }
    } else {
        lines.push("si");
    }
    if version >= SasVersion::V2015_04_05 {
        lines.extend(limits);
    }
    lines.push("sv");
    if is_blob && version >= SasVersion::V2018_11_09 {
        lines.extend(["sr", TIME]);
    }
    if is_blob && version >= SasVersion::V2020_12_06 {
        lines.push("ses");
    }
    if is_blob && delegated && version >= SasVersion::V2026_04_06 {
        lines.extend(["srh", "srq"]);
    }
    match service {
        Service::Blob | Service::File => lines.extend(["rscc", "rscd", "rsce", "rscl", "rsct"]),
        Service::Table => lines.extend(["spk", "srk", "epk", "erk"]),
        Service::Queue => {}
    }
    lines
}

impl Fields<'_> {
    /// The string that is signed, all values as they stand in the decoded token.
    pub(crate) fn string_to_sign(
        &self,
        account: &str,
        resource: Option<&SasResource>,
    ) -> Result<String, InvalidSas> {
        let version = self.version()?;
        if version < self.first_version() {
            return Err(InvalidSas::new("sv", "is older than this kind of signature"));
        }
        let kind = self.kind();
        if kind == SasKind::Account {
            return Ok(self.account_string(account, version));
        }
        let resource = resource
            .ok_or(InvalidSas::new("sig", "is for one resource, as a queue, and none is named"))?;
        if version < resource.first_version() {
            return Err(InvalidSas::new("sv", "is older than signatures for this resource"));
        }
        let is_blob = resource.service() == Service::Blob;
        let can_demand =
            is_blob && kind == SasKind::UserDelegation && version >= SasVersion::V2026_04_06;
        for name in ["srh", "srq"] {
            match (self.get(name), &self.demanded) {
                (None, _) => {}
                (Some(_), _) if !can_demand => {
                    return Err(InvalidSas::new(
                        name,
                        "is only for user delegation signatures of blobs from version 2026-04-06 on",
                    ));
                }
                (Some(_), None) => {
                    return Err(InvalidSas::new(name, "is signed with the values of the request"));
                }
                (Some(_), Some(_)) => {}
            }
        }
        let canonical = resource.canonical(account, version);
        let demanded = self.demanded.as_ref();
        let line = |name| match name {
            RESOURCE => &*canonical,
            TIME => resource.time(),
            "srh" => demanded.map_or("", |demanded| &*demanded.headers),
            "srq" => demanded.map_or("", |demanded| &*demanded.parameters),
            name => self.get(name).unwrap_or_default(),
        };
        let lines = lines_of(kind, resource.service(), version);
        Ok(lines.into_iter().map(line).collect::<Vec<_>>().join("\n"))
    }

    /// The string of an account signature, in which the last line has a line end, too.
    fn account_string(&self, account: &str, version: SasVersion) -> String {
        let mut text = String::new();
        for name in lines_of(SasKind::Account, Service::Queue, version) {
            text.push_str(match name {
                ACCOUNT => account,
                name => self.get(name).unwrap_or_default(),
            });
            text.push('\n');
        }
        text
    }

    /// The first version that knows signatures of this kind.
    pub(crate) fn first_version(&self) -> SasVersion {
        match (self.kind(), self.service()) {
            (SasKind::Account, _) => SasVersion::V2015_04_05,
            (SasKind::UserDelegation, Service::Blob) => SasVersion::V2018_11_09,
            (SasKind::UserDelegation, _) => SasVersion::V2025_07_05,
            _ => SasVersion::V2012_02_12,
        }
    }

    /// The service of a signature for one resource.
    pub(crate) fn service(&self) -> Service {
        match self.get("sr") {
            _ if self.get("tn").is_some() => Service::Table,
            Some("b" | "bs" | "bv" | "c" | "d") => Service::Blob,
            Some("s" | "f") => Service::File,
            _ => Service::Queue,
        }
    }
}
