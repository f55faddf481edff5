//! What answers have besides their meaning.

use super::{Outcome, Stage, equal, holds};

const MESSAGE: &str = "<QueueMessage><MessageText>x</MessageText></QueueMessage>";

pub(super) async fn every_answer_names_its_request(stage: &Stage<'_>) -> Outcome {
    for (target, status) in [("/{q}?comp=metadata", 200), ("/{q}-missing?comp=metadata", 404)] {
        let ask = stage.ask("GET", target).header("x-ms-client-request-id", "my-request/1");
        let reply = ask.answered(status).await?;
        equal("client's id", reply.header("x-ms-client-request-id"), "my-request/1")?;
        holds("no id of the server", !reply.header("x-ms-request-id").is_empty())?;
        holds("no date", !reply.header("date").is_empty())?;
    }
    Ok(())
}

pub(super) async fn an_answer_has_the_version_that_was_asked_for(stage: &Stage<'_>) -> Outcome {
    for version in ["2011-08-18", "2018-03-28", "2026-02-06"] {
        let reply = stage.ask("GET", "/{q}?comp=metadata").version(version).answered(200).await?;
        equal("version", reply.header("x-ms-version"), version)?;
    }
    Ok(())
}

pub(super) async fn a_refusal_explains_itself(stage: &Stage<'_>) -> Outcome {
    let reply = stage.ask("GET", "/{q}/messages?numofmessages=33").answered(400).await?;
    let text = reply.text();
    for part in [
        "<QueryParameterName>numofmessages</QueryParameterName>",
        "<QueryParameterValue>33</QueryParameterValue>",
        "<MinimumAllowed>1</MinimumAllowed>",
        "<MaximumAllowed>32</MaximumAllowed>",
        "RequestId:",
        "Time:",
    ] {
        holds(format!("no {part} in {text}"), text.contains(part))?;
    }
    Ok(())
}

pub(super) async fn a_put_is_answered_with_a_body_since_2016(stage: &Stage<'_>) -> Outcome {
    let put = |version| stage.ask("POST", "/{q}/messages").body(MESSAGE).version(version);
    let old = put("2015-12-11").answered(201).await?;
    equal("old", old.text(), String::new())?;
    let new = put("2016-05-31").answered(201).await?;
    holds(new.text(), new.text().contains("<PopReceipt>"))
}

pub(super) async fn messages_may_live_for_ever_since_2017(stage: &Stage<'_>) -> Outcome {
    let put = |version, life: &str| {
        let target = format!("/{{q}}/messages?messagettl={life}");
        stage.ask("POST", target).body(MESSAGE).version(version)
    };
    put("2017-04-17", "604800").answered(201).await?;
    for life in ["-1", "604801"] {
        put("2017-04-17", life).refused(400, "OutOfRangeQueryParameterValue").await?;
        put("2017-07-29", life).answered(201).await?;
    }
    Ok(())
}

pub(super) async fn metadata_names_keep_their_case(stage: &Stage<'_>) -> Outcome {
    let set = stage.ask("PUT", "/{q}?comp=metadata");
    set.header("x-ms-meta-Color", "Light Blue").answered(204).await?;
    let listed = stage.ask("GET", "?comp=list&include=metadata&prefix={q}").answered(200).await?;
    let text = listed.text();
    // The transport may send all names in lower case: only the value can be seen whole.
    holds(text.clone(), text.to_ascii_lowercase().contains("<color>light blue</color>"))?;
    holds(text.clone(), text.contains(">Light Blue<"))
}

pub(super) async fn a_preflight_is_answered_by_the_first_rule_that_fits(
    stage: &Stage<'_>,
) -> Outcome {
    let rules = "<StorageServiceProperties><Cors>\
        <CorsRule><AllowedOrigins>http://a</AllowedOrigins><AllowedMethods>GET</AllowedMethods>\
        <MaxAgeInSeconds>5</MaxAgeInSeconds><ExposedHeaders>x-ms-*</ExposedHeaders>\
        <AllowedHeaders>x-ms-meta-*</AllowedHeaders></CorsRule>\
        <CorsRule><AllowedOrigins>*</AllowedOrigins><AllowedMethods>PUT,GET</AllowedMethods>\
        <MaxAgeInSeconds>7</MaxAgeInSeconds><ExposedHeaders>*</ExposedHeaders>\
        <AllowedHeaders>*</AllowedHeaders></CorsRule></Cors></StorageServiceProperties>";
    let set = |body: &str| stage.ask("PUT", "?restype=service&comp=properties").body(body);
    set(rules).answered(202).await?;
    let ask = |origin: &str, method: &str| {
        let ask = stage.ask("OPTIONS", "/{q}").anonymous().header("origin", origin);
        ask.header("access-control-request-method", method)
    };
    let outcome = async {
        for (origin, method, age) in [("http://a", "GET", "5"), ("http://b", "PUT", "7")] {
            let reply = ask(origin, method).answered(200).await?;
            equal("age", reply.header("access-control-max-age"), age)?;
            let allowed = reply.header("access-control-allow-origin");
            equal("origin", allowed, origin)?;
        }
        let reply = stage.ask("GET", "/{q}?comp=metadata").header("origin", "http://a");
        let reply = reply.answered(200).await?;
        equal("origin", reply.header("access-control-allow-origin"), "http://a")?;
        equal("vary", reply.header("vary"), "Origin")?;
        ask("http://a", "DELETE").refused(403, "CorsPreflightFailure").await
    };
    let outcome = outcome.await;
    set("<StorageServiceProperties><Cors /></StorageServiceProperties>").answered(202).await?;
    outcome
}
