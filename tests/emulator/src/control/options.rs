//! [`ControlOptions`]: by which names the page and the control interface may be reached.

/// Sets up the control interface, and the page that goes with it.
///
/// A page of another site must neither read nor change anything. So requests are answered only for
/// names that no site on the internet can have: addresses, `localhost` and names below it, names
/// without a dot, `host.docker.internal`, and what is allowed here.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ControlOptions {
    pub(super) hosts: Vec<String>,
    pub(super) origins: Vec<String>,
}

impl ControlOptions {
    /// The options with their defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows this name in the `Host` of requests too, beside others that are given so. Default: none.
    pub fn allow_host(mut self, name: impl Into<String>) -> Self {
        self.hosts.push(name.into().to_ascii_lowercase());
        self
    }

    /// Allows pages of this origin, such as `http://localhost:3000`, to read and change everything,
    /// beside others that are given so. Default: none but the page's own.
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into());
        self
    }
}
