//! The properties of the account and the state of its secondary.

use queue_proto::{
    Logging, Metrics, RetentionDays, ServiceProperties,
    ops::{GetServiceProperties, SetServiceProperties},
};

use super::{Outcome, Stage, equal, holds};

/// Settings are the account's, which all cases share: this one touches logging and the metrics by
/// the hour, and no other does.
pub(super) async fn what_is_set_comes_back_and_the_rest_stays(stage: &Stage<'_>) -> Outcome {
    let mut logging = Logging::new();
    (logging.read, logging.write, logging.delete) = (true, false, true);
    logging.retention = Some(RetentionDays::new(5)?);
    set(stage, ServiceProperties::new().logging(logging.clone())).await?;
    let mut hour = Metrics::enabled(true);
    hour.retention = Some(RetentionDays::new(365)?);
    set(stage, ServiceProperties::new().hour_metrics(hour.clone())).await?;
    let found = stage.service.execute(&GetServiceProperties::new()).await?.properties;
    equal("logging", found.logging, Some(logging))?;
    equal("metrics", found.hour_metrics, Some(hour))?;
    let off = ServiceProperties::new().logging(Logging::new()).hour_metrics(Metrics::new());
    set(stage, off).await?;
    let found = stage.service.execute(&GetServiceProperties::new()).await?.properties;
    equal("logging, off", found.logging, Some(Logging::new()))
}

pub(super) async fn the_secondary_tells_when_it_was_in_step(stage: &Stage<'_>) -> Outcome {
    let ask = stage.ask("GET", "?restype=service&comp=stats").account("devstoreaccount1-secondary");
    let text = ask.answered(200).await?.text();
    holds(text.clone(), text.contains("<Status>live</Status><LastSyncTime>"))
}

async fn set(stage: &Stage<'_>, properties: ServiceProperties) -> Outcome {
    stage.service.execute(&SetServiceProperties::new(properties)).await?;
    Ok(())
}
