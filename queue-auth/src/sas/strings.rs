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
        let mut lines = vec![self.line("sp"), self.line("st"), self.line("se"), &*canonical];
        match kind {
            SasKind::UserDelegation => self.push_key(resource.service(), version, &mut lines),
            _ => lines.push(self.line("si")),
        }
        if version >= SasVersion::V2015_04_05 {
            lines.extend([self.line("sip"), self.line("spr")]);
        }
        lines.push(self.line("sv"));
        if is_blob && version >= SasVersion::V2018_11_09 {
            lines.extend([self.line("sr"), resource.time()]);
        }
        if is_blob && version >= SasVersion::V2020_12_06 {
            lines.push(self.line("ses"));
        }
        if can_demand {
            let demanded = self.demanded.as_ref();
            lines.extend([
                demanded.map_or("", |demanded| &*demanded.headers),
                demanded.map_or("", |demanded| &*demanded.parameters),
            ]);
        }
        match resource.service() {
            Service::Blob | Service::File => {
                lines.extend(["rscc", "rscd", "rsce", "rscl", "rsct"].map(|name| self.line(name)));
            }
            Service::Table => {
                lines.extend(["spk", "srk", "epk", "erk"].map(|name| self.line(name)));
            }
            Service::Queue => {}
        }
        Ok(lines.join("\n"))
    }

    fn line(&self, name: &'static str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// The lines of the user delegation key.
    fn push_key<'f>(&'f self, service: Service, version: SasVersion, lines: &mut Vec<&'f str>) {
        let mut push =
            |names: &[&'static str]| lines.extend(names.iter().map(|name| self.line(name)));
        push(&["skoid", "sktid", "skt", "ske", "sks", "skv"]);
        if service == Service::Blob && version >= SasVersion::V2020_02_10 {
            push(&["saoid", "suoid", "scid"]);
        }
        if version >= SasVersion::V2025_07_05 {
            push(&["skdutid", "sduoid"]);
        }
    }

    /// The string of an account signature, in which the last line has a line end, too.
    fn account_string(&self, account: &str, version: SasVersion) -> String {
        let names = ["sp", "ss", "srt", "st", "se", "sip", "spr", "sv"];
        let scope = (version >= SasVersion::V2020_12_06).then_some("ses");
        let mut text = format!("{account}\n");
        for name in names.into_iter().chain(scope) {
            text.push_str(self.line(name));
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
