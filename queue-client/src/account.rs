//! How an account is named: by a connection string, by the environment, by a URL with a signature.

mod connection_string;
pub(crate) mod environment;
mod sas_url;

pub use self::{
    connection_string::{ConnectionString, ConnectionStringError},
    environment::EnvironmentError,
    sas_url::{InvalidSasUrl, SasUrl},
};
