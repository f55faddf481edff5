//! A backend for the crate omniqueue over queue-client.

mod backend;
mod config;
mod delivery;

pub use self::{
    backend::{AzureQueueBackend, AzureQueueBuilder, AzureQueueConsumer, AzureQueueProducer},
    config::AzureQueueConfig,
    delivery::Delivery,
};
