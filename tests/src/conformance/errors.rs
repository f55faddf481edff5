//! The codes of the reference that a client can provoke, one request each.

use queue_auth::sas::{AccountPermissions, QueuePermissions, ResourceTypes, SasProtocol, Services};

use super::{Case, Outcome, Stage};

const MESSAGE: &str = "<QueueMessage><MessageText>x</MessageText></QueueMessage>";
const NO_MESSAGE: &str = "/{q}/messages/00000000-0000-4000-8000-000000000000";

macro_rules! rows {
    ($(
        $name:ident: $method:literal $target:expr $(, $step:ident($($argument:expr),*))*
            => $status:literal $code:literal;
    )*) => {
        /// A request, and how it must be refused.
        pub(super) const ROWS: &[Case] = &[$(Case {
            name: concat!("errors::", stringify!($name)),
            run: |stage| Box::pin($name(stage)),
        },)*];

        $(async fn $name(stage: &Stage<'_>) -> Outcome {
            stage.ask($method, $target)$(.$step($($argument),*))*.refused($status, $code).await
        })*
    };
}

rows! {
    // Requests as such.
    a_version_that_is_no_date: "GET" "?comp=list", version("2020-13-77")
        => 400 "InvalidHeaderValue";
    no_version: "GET" "?comp=list", version(None)
        => 400 "MissingRequiredHeader";
    an_unknown_verb: "PATCH" "/{q}"
        => 405 "UnsupportedHttpVerb";
    an_unknown_component: "GET" "/{q}?comp=bogus"
        => 400 "InvalidQueryParameterValue";
    a_verb_that_http_does_not_have: "FETCH" "/{q}"
        => 400 "InvalidHttpVerb";
    a_path_that_is_nothing: "GET" "/{q}/foo"
        => 400 "InvalidUri";
    a_timeout_that_is_no_number: "GET" "?comp=list&timeout=abc"
        => 400 "InvalidQueryParameterValue";
    a_wrong_checksum: "POST" "/{q}/messages", body(MESSAGE),
        header("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")
        => 400 "Md5Mismatch";
    a_checksum_of_a_wrong_length: "POST" "/{q}/messages", body(MESSAGE), header("content-md5", "AAAA")
        => 400 "InvalidMd5";

    // Names.
    a_name_with_capitals: "PUT" "/Queue"
        => 400 "InvalidResourceName";
    a_name_with_two_hyphens: "PUT" "/queue--x"
        => 400 "InvalidResourceName";
    a_name_that_is_too_short: "PUT" "/ab"
        => 400 "OutOfRangeInput";
    a_name_that_is_too_long: "PUT" format!("/{}", "a".repeat(64))
        => 400 "OutOfRangeInput";
    an_unknown_account: "GET" "?comp=list", account("nobody")
        => 404 "ResourceNotFound";

    // Lists.
    a_page_of_none: "GET" "?comp=list&maxresults=0"
        => 400 "OutOfRangeQueryParameterValue";
    a_page_of_too_many: "GET" "?comp=list&maxresults=5001"
        => 400 "OutOfRangeQueryParameterValue";
    a_marker_that_was_not_given: "GET" "?comp=list&marker=garbage"
        => 400 "OutOfRangeInput";
    an_inclusion_that_is_unknown: "GET" "?comp=list&include=bogus"
        => 400 "InvalidQueryParameterValue";

    // Metadata.
    a_metadata_name_that_is_none: "PUT" "/{q}?comp=metadata", header("x-ms-meta-1abc", "x")
        => 400 "InvalidMetadata";
    a_metadata_name_with_a_hyphen: "PUT" "/{q}?comp=metadata", header("x-ms-meta-a-b", "x")
        => 400 "InvalidMetadata";
    a_metadata_name_that_is_empty: "PUT" "/{q}?comp=metadata", header("x-ms-meta-", "x")
        => 400 "EmptyMetadataKey";
    metadata_without_measure: "PUT" "/{q}?comp=metadata", header("x-ms-meta-big", "x".repeat(9000))
        => 400 "MetadataTooLarge";

    // Messages.
    a_body_that_is_no_xml: "POST" "/{q}/messages", body("<QueueMessage><MessageText>")
        => 400 "InvalidXmlDocument";
    a_character_that_xml_has_not: "POST" "/{q}/messages",
        body("<QueueMessage><MessageText>\u{1}</MessageText></QueueMessage>")
        => 400 "InvalidXmlDocument";
    a_message_without_a_text: "POST" "/{q}/messages", body("<QueueMessage></QueueMessage>")
        => 400 "MissingRequiredXmlNode";
    an_element_that_is_unknown: "POST" "/{q}/messages",
        body("<QueueMessage><MessageText>x</MessageText><Other/></QueueMessage>")
        => 400 "UnsupportedXmlNode";
    a_text_that_is_too_long: "POST" "/{q}/messages",
        body(format!("<QueueMessage><MessageText>{}</MessageText></QueueMessage>", "x".repeat(65_537)))
        => 413 "RequestBodyTooLarge";
    a_body_that_is_too_long: "POST" "/{q}/messages",
        body(format!("<QueueMessage><MessageText>{}</MessageText></QueueMessage>", "x".repeat(200_000)))
        => 413 "RequestBodyTooLarge";
    a_life_of_no_time: "POST" "/{q}/messages?messagettl=0", body(MESSAGE)
        => 400 "InvalidQueryParameterValue";
    a_life_below_never: "POST" "/{q}/messages?messagettl=-2", body(MESSAGE)
        => 400 "InvalidQueryParameterValue";
    a_life_in_parts_of_seconds: "POST" "/{q}/messages?messagettl=1.5", body(MESSAGE)
        => 400 "InvalidQueryParameterValue";
    a_life_as_long_as_it_is_hidden: "POST" "/{q}/messages?messagettl=60&visibilitytimeout=60",
        body(MESSAGE)
        => 400 "InvalidQueryParameterValue";
    hidden_for_more_than_seven_days: "GET" "/{q}/messages?visibilitytimeout=604801"
        => 400 "OutOfRangeQueryParameterValue";
    hidden_for_no_time_when_received: "GET" "/{q}/messages?visibilitytimeout=0"
        => 400 "OutOfRangeQueryParameterValue";
    no_messages_at_all: "GET" "/{q}/messages?numofmessages=0"
        => 400 "OutOfRangeQueryParameterValue";
    more_than_thirty_two_messages: "GET" "/{q}/messages?numofmessages=33"
        => 400 "OutOfRangeQueryParameterValue";
    a_number_of_messages_that_is_none: "GET" "/{q}/messages?peekonly=true&numofmessages=abc"
        => 400 "InvalidQueryParameterValue";
    a_message_that_is_not_there: "DELETE"
        format!("{NO_MESSAGE}?popreceipt=AgAAAAMAAAAAAAAApfesaQUG1QE%3D")
        => 404 "MessageNotFound";
    a_deletion_without_a_receipt: "DELETE" NO_MESSAGE
        => 400 "MissingRequiredQueryParameter";
    a_receipt_with_a_plus_that_is_not_escaped: "DELETE"
        format!("{NO_MESSAGE}?popreceipt=AgAAAAMAAAAAAAAApfesa+UG1QE%3D")
        => 400 "InvalidQueryParameterValue";
    an_update_without_a_visibility: "PUT" format!("{NO_MESSAGE}?popreceipt=AgAAAAMAAAA%3D")
        => 400 "MissingRequiredQueryParameter";
    a_receipt_that_is_none: "DELETE" format!("{NO_MESSAGE}?popreceipt=invalid")
        => 400 "InvalidQueryParameterValue";

    // Policies and settings.
    a_policy_with_an_unknown_permission: "PUT" "/{q}?comp=acl", body(policies(1, "x"))
        => 400 "InvalidXmlDocument";
    a_policy_with_an_id_that_is_too_long: "PUT" "/{q}?comp=acl",
        body(policies(1, "r").replace("<Id>0", &format!("<Id>{}", "x".repeat(65))))
        => 400 "InvalidXmlDocument";
    six_policies: "PUT" "/{q}?comp=acl", body(policies(6, "r"))
        => 400 "InvalidXmlDocument";
    retention_for_more_than_a_year: "PUT" "?restype=service&comp=properties", body(metrics("366"))
        => 400 "InvalidXmlNodeValue";
    retention_for_no_day: "PUT" "?restype=service&comp=properties", body(metrics("0"))
        => 400 "InvalidXmlNodeValue";
    a_setting_that_queues_have_not: "PUT" "?restype=service&comp=properties",
        body("<StorageServiceProperties><DefaultServiceVersion>2020-10-02</DefaultServiceVersion></StorageServiceProperties>")
        => 400 "UnsupportedXmlNode";
    statistics_of_the_primary: "GET" "?restype=service&comp=stats"
        => 400 "InvalidQueryParameterValue";
    a_change_of_the_secondary: "PUT" "/{q}-2", account("devstoreaccount1-secondary")
        => 403 "InsufficientAccountPermissions";

    // Credentials.
    no_credential: "GET" "?comp=list", anonymous()
        => 401 "NoAuthenticationInformation";
    no_credential_before_2019: "GET" "?comp=list", anonymous(), version("2018-11-09")
        => 404 "ResourceNotFound";
    an_authorization_that_is_none: "GET" "?comp=list", anonymous(), header("authorization", "nonsense")
        => 400 "InvalidAuthenticationInfo";
    a_signature_that_does_not_fit: "GET" "?comp=list", anonymous(),
        header("x-ms-date", "Mon, 23 Nov 2026 09:00:00 GMT"),
        header("authorization", "SharedKey devstoreaccount1:bm90IHRoZSBzaWduYXR1cmUgb2YgdGhpcyByZXF1ZXM=")
        => 403 "AuthenticationFailed";
    a_permission_that_is_not_given: "POST" "/{q}/messages", body(MESSAGE),
        queue_sas(QueuePermissions::READ, |sas| sas)
        => 403 "AuthorizationPermissionMismatch";
    what_no_queue_signature_allows: "DELETE" "/{q}/messages",
        queue_sas(QueuePermissions::ALL, |sas| sas)
        => 403 "AuthorizationFailure";
    an_address_that_is_not_allowed: "GET" "/{q}/messages",
        queue_sas(QueuePermissions::ALL, |sas| sas.ip(std::net::Ipv4Addr::new(203, 0, 113, 1)))
        => 403 "AuthorizationSourceIPMismatch";
    clear_text_that_is_not_allowed: "GET" "/{q}/messages",
        queue_sas(QueuePermissions::ALL, |sas| sas.protocol(SasProtocol::HttpsOnly))
        => 403 "AuthorizationProtocolMismatch";
    another_service: "GET" "?comp=list",
        account_sas(AccountPermissions::ALL, ResourceTypes::ALL, |sas| sas.services(Services::BLOB))
        => 403 "AuthorizationServiceMismatch";
    another_level: "GET" "?comp=list",
        account_sas(AccountPermissions::ALL, ResourceTypes::OBJECT, |sas| sas)
        => 403 "AuthorizationResourceTypeMismatch";
    policies_by_signature: "GET" "/{q}?comp=acl",
        account_sas(AccountPermissions::ALL, ResourceTypes::ALL, |sas| sas)
        => 403 "AuthorizationFailure";
    a_policy_that_does_not_exist: "GET" "/{q}/messages", policy_sas("missing")
        => 403 "AuthenticationFailed";

    // Browsers.
    a_preflight_that_no_rule_fits: "OPTIONS" "/{q}", anonymous(),
        header("origin", "http://nobody.example"), header("access-control-request-method", "GET")
        => 403 "CorsPreflightFailure";
    a_preflight_without_a_method: "OPTIONS" "/{q}", anonymous(),
        header("origin", "http://nobody.example")
        => 400 "InvalidHeaderValue";
}

fn policies(count: usize, permission: &str) -> String {
    let policies: String = (0..count)
        .map(|number| {
            format!(
                "<SignedIdentifier><Id>{number}</Id><AccessPolicy>\
                 <Permission>{permission}</Permission></AccessPolicy></SignedIdentifier>"
            )
        })
        .collect();
    format!("<SignedIdentifiers>{policies}</SignedIdentifiers>")
}

fn metrics(days: &str) -> String {
    format!(
        "<StorageServiceProperties><MinuteMetrics><Version>1.0</Version><Enabled>false</Enabled>\
         <RetentionPolicy><Enabled>true</Enabled><Days>{days}</Days></RetentionPolicy>\
         </MinuteMetrics></StorageServiceProperties>"
    )
}
