//! Where Azurite does not do what the list asks for.
//!
//! A deviation is expected: a case that is listed here and passes all the same is an error, so that
//! the list stays true.

/// A case that Azurite fails.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Deviation {
    /// The name of the case.
    pub case: &'static str,
    /// What Azurite does instead.
    pub reason: &'static str,
}

/// What its generated reader of requests does not like.
const EMPTY: &str = "refused with 400 and nothing else: no body, no code, no id of the request";
/// What it does not look at.
const TAKEN: &str = "accepted";

/// The deviations of Azurite 3.37.0.
pub const AZURITE: &[Deviation] = &[
    Deviation {
        case: "listing::pages_cover_the_list_without_repeats",
        reason: "its pages are sorted by name but continued by internal row number, so queues that \
                 were not made in the order of their names are listed again and again",
    },
    Deviation { case: "queues::the_name_of_a_deleted_queue_is_not_free_at_once", reason: "it is" },
    Deviation {
        case: "access::no_credential_is_refused",
        reason: "it answers a request without a credential with 403 AuthenticationFailed instead \
                 of 401 NoAuthenticationInformation",
    },
    Deviation {
        case: "access::a_skewed_clock_is_named",
        reason: "it does not check the date of a request",
    },
    Deviation {
        case: "policies::policies_come_back_as_they_were_set",
        reason: "a policy of which all is left to the signature is refused with 400 and an empty body",
    },
    Deviation {
        case: "answers::every_answer_names_its_request",
        reason: "errors do not repeat the id of the client",
    },
    Deviation {
        case: "answers::an_answer_has_the_version_that_was_asked_for",
        reason: "every answer has the version 2026-06-06",
    },
    Deviation {
        case: "answers::a_put_is_answered_with_a_body_since_2016",
        reason: "the version of a request changes nothing",
    },
    Deviation {
        case: "answers::messages_may_live_for_ever_since_2017",
        reason: "the version of a request changes nothing",
    },
    Deviation {
        case: "errors::a_version_that_is_no_date",
        reason: "accepted with the option `--skipApiVersionCheck`, without which it knows none that is newer than itself",
    },
    Deviation { case: "errors::no_version", reason: TAKEN },
    Deviation { case: "errors::an_unknown_verb", reason: EMPTY },
    Deviation { case: "errors::a_verb_that_http_does_not_have", reason: EMPTY },
    Deviation { case: "errors::an_unknown_component", reason: EMPTY },
    Deviation {
        case: "errors::a_path_that_is_nothing",
        reason: "whatever follows the queue means its messages: it receives one",
    },
    Deviation { case: "errors::a_timeout_that_is_no_number", reason: EMPTY },
    Deviation { case: "errors::a_wrong_checksum", reason: TAKEN },
    Deviation { case: "errors::a_checksum_of_a_wrong_length", reason: TAKEN },
    Deviation { case: "errors::a_page_of_none", reason: EMPTY },
    Deviation { case: "errors::a_page_of_too_many", reason: TAKEN },
    Deviation {
        case: "errors::a_marker_that_was_not_given",
        reason: "accepted, and taken for the beginning",
    },
    Deviation { case: "errors::an_inclusion_that_is_unknown", reason: EMPTY },
    Deviation { case: "errors::a_metadata_name_that_is_none", reason: TAKEN },
    Deviation { case: "errors::a_metadata_name_with_a_hyphen", reason: TAKEN },
    Deviation { case: "errors::a_metadata_name_that_is_empty", reason: TAKEN },
    Deviation { case: "errors::metadata_without_measure", reason: TAKEN },
    Deviation { case: "errors::a_body_that_is_no_xml", reason: EMPTY },
    Deviation { case: "errors::a_character_that_xml_has_not", reason: TAKEN },
    Deviation {
        case: "errors::a_message_without_a_text",
        reason: "refused as 400 InvalidXmlDocument",
    },
    Deviation { case: "errors::an_element_that_is_unknown", reason: TAKEN },
    Deviation { case: "errors::a_life_below_never", reason: EMPTY },
    Deviation {
        case: "errors::a_life_in_parts_of_seconds",
        reason: "accepted, and cut to whole seconds",
    },
    Deviation { case: "errors::no_messages_at_all", reason: EMPTY },
    Deviation { case: "errors::a_number_of_messages_that_is_none", reason: EMPTY },
    Deviation { case: "errors::a_deletion_without_a_receipt", reason: EMPTY },
    Deviation { case: "errors::an_update_without_a_visibility", reason: EMPTY },
    Deviation {
        case: "errors::a_receipt_with_a_plus_that_is_not_escaped",
        reason: "refused as 404 MessageNotFound: it does not look at the form of a receipt",
    },
    Deviation {
        case: "errors::a_receipt_that_is_none",
        reason: "refused as 404 MessageNotFound: it does not look at the form of a receipt",
    },
    Deviation { case: "errors::retention_for_more_than_a_year", reason: TAKEN },
    Deviation { case: "errors::retention_for_no_day", reason: EMPTY },
    Deviation { case: "errors::a_setting_that_queues_have_not", reason: TAKEN },
    Deviation {
        case: "errors::a_change_of_the_secondary",
        reason: "accepted: the secondary can be written to",
    },
    Deviation {
        case: "errors::no_credential",
        reason: "refused with 403 AuthenticationFailed, and no word of tokens",
    },
    Deviation {
        case: "errors::no_credential_before_2019",
        reason: "refused with 403 AuthenticationFailed",
    },
    Deviation {
        case: "errors::an_authorization_that_is_none",
        reason: "refused with 403 AuthenticationFailed",
    },
    Deviation {
        case: "errors::what_no_queue_signature_allows",
        reason: "refused as 403 AuthorizationPermissionMismatch",
    },
    Deviation {
        case: "errors::an_address_that_is_not_allowed",
        reason: "accepted: the addresses of a signature are not looked at",
    },
    Deviation {
        case: "errors::policies_by_signature",
        reason: "refused as 403 AuthorizationPermissionMismatch",
    },
    Deviation { case: "errors::a_policy_with_an_id_that_is_too_long", reason: TAKEN },
];
