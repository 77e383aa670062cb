"""The closed list of answer codes: what each means in one sentence, for the problem documents and for /docs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Code(NamedTuple):
    """One answer code: its HTTP status and its title."""

    status: int
    title: str


CODES: Mapping[str, Code] = MappingProxyType({
    # The request
    "BAD_REQUEST": Code(400, "The request cannot be understood"),
    "INVALID_PARAMETER": Code(400, "A query parameter is unknown or repeated, or its value is not allowed"),
    "UNAUTHENTICATED": Code(401, "The request has no bearer key"),
    "INVALID_TOKEN": Code(401, "The bearer key or token is unknown, wrong, expired or revoked"),
    "FORBIDDEN": Code(403, "The role or the scopes of this key do not allow this call"),
    "NOT_AUTHORISED_FOR_PARTY": Code(403, "No mandate in force lets this caller act for this party"),
    "ACTING_FOR_REQUIRED": Code(400, "The broker did not say for whom it lodges"),
    "NOT_FOUND": Code(404, "There is nothing here for this caller"),
    "METHOD_NOT_ALLOWED": Code(405, "This address does not answer this method"),
    "NOT_ACCEPTABLE": Code(406, "This call cannot answer in any of the accepted media types"),
    "REQUEST_TIMEOUT": Code(408, "The request did not arrive in time"),
    "PAYLOAD_TOO_LARGE": Code(413, "The body is larger than this service accepts"),
    "URI_TOO_LONG": Code(414, "The address is too long"),
    "UNSUPPORTED_MEDIA_TYPE": Code(415, "This call does not read the body's media type"),
    "CONTENT_ENCODING_UNSUPPORTED": Code(415, "The body is compressed or encoded"),
    "ENCODING_NOT_UTF8": Code(415, "The body's characters are not UTF-8"),
    "RATE_LIMITED": Code(429, "This client sends too many requests"),
    "QUOTA_EXCEEDED": Code(429, "This party has too many undecided declarations"),
    "HEADERS_TOO_LARGE": Code(431, "The request headers are too large"),
    # Tokens; in lower case these are OAuth 2.0's own words (RFC 6749, 5.2)
    "INVALID_REQUEST": Code(400, "The form of a token request is incomplete or repeats a field"),
    "UNSUPPORTED_GRANT_TYPE": Code(400, "Tokens are given for client credentials only"),
    "INVALID_SCOPE": Code(400, "The requested scope goes beyond the scope of the key"),
    "INVALID_CLIENT": Code(401, "The client's id or secret is unknown, wrong, expired or revoked"),
    # The bytes
    "EMPTY_BODY": Code(400, "The body is empty"),
    "COMPRESSED_BODY": Code(400, "The body is a compressed file"),
    "INVALID_UNICODE": Code(400, "The text has characters that are not allowed in any document"),
    "XML_NOT_WELL_FORMED": Code(400, "The body is not well-formed XML"),
    "XML_VERSION_UNSUPPORTED": Code(400, "The XML version is not 1.0"),
    "XML_DTD_FORBIDDEN": Code(400, "The XML document has a document type declaration"),
    "XML_PI_FORBIDDEN": Code(400, "The XML document has a processing instruction"),
    "XML_XINCLUDE_FORBIDDEN": Code(400, "The XML document includes other documents"),
    "XML_XSI_FORBIDDEN": Code(400, "The XML document has xsi:type or xsi:nil"),
    "XML_TOO_DEEP": Code(400, "The XML document is nested too deep"),
    "XML_TOO_MANY_ELEMENTS": Code(400, "The XML document has too many elements"),
    "XML_TOO_MANY_ATTRIBUTES": Code(400, "An XML element has too many attributes"),
    "XML_TOO_MANY_NAMESPACES": Code(400, "The XML document declares too many namespaces"),
    "XML_TOO_MANY_COMMENTS": Code(400, "The XML document has too many comments"),
    "XML_VALUE_TOO_LONG": Code(400, "A value of the XML document is too long"),
    "JSON_MALFORMED": Code(400, "The body is not JSON"),
    "JSON_DUPLICATE_KEY": Code(400, "A JSON object has a member twice"),
    "JSON_NUMBER_INVALID": Code(400, "A JSON number is not a plain decimal of reasonable length"),
    "JSON_TOO_DEEP": Code(400, "The JSON document is nested too deep"),
    "JSON_TOO_MANY_MEMBERS": Code(400, "The JSON document has too many members"),
    "ARCHIVE_INVALID": Code(400, "The archive is not a plain ZIP file of declarations"),
    "ARCHIVE_TOO_LARGE": Code(413, "The archive has too many members, or they are too large together"),
    # The declaration
    "UNKNOWN_DOCUMENT_TYPE": Code(422, "The document is not a WCO declaration"),
    "COUNTRY_NOT_SERVED": Code(422, "This service does not accept declarations for the country that the message names"),
    "OTHER_PROFILE": Code(422, "The declaration follows a profile of the data model that this service does not accept"),
    "SCHEMA_INVALID": Code(422, "The body does not follow its schema"),
    "UNKNOWN_FIELD": Code(422, "The declaration has an unknown field"),
    "UNKNOWN_CODE": Code(422, "A code is not in its code list"),
    "TOO_MANY_ITEMS": Code(422, "The declaration has more goods items than this service accepts"),
    "TOTALS_MISMATCH": Code(422, "A total differs from the sum of the items"),
    "INVALID_CHARACTERS": Code(422, "A value has characters that are not allowed there"),
    "VALUE_TOO_LONG": Code(422, "A value is too long"),
    "VALUE_OUT_OF_RANGE": Code(422, "A value is too small, too large or too precise"),
    "INVALID_DATE": Code(422, "A value is not a date and time"),
    "RULE_VIOLATED": Code(422, "The declaration breaks a rule"),
    "PARTY_NOT_NAMED": Code(422, "The declaration does not name the party it is lodged for"),
    "NOT_SUPPORTED_YET": Code(422, "This service does not accept this kind of message yet"),
    "MINIMUM_MISSING": Code(422, "An element that an agency needs by law is missing; this is only a warning"),
    "DUPLICATE_LRN": Code(409, "The reference was already used for another declaration"),
    # A declaration's life
    "NOT_POSSIBLE": Code(409, "The state of the declaration does not allow this"),
    "REQUEST_OPEN": Code(409, "Another request about this declaration waits for an officer"),
    "REQUEST_ANSWERED": Code(409, "An officer has answered this request otherwise"),
    "MOMENT_UNLIKELY": Code(422, "A moment that is given is in the future or the past, or too far from now"),
    "DOCUMENT_DIFFERS": Code(422, "The document is not the one that the address names"),
    "DOCUMENT_NOT_ITS_TYPE": Code(422, "The document is not of the type that it is said to be"),
    "DOCUMENT_INFECTED": Code(422, "The document holds malicious code"),
    "DOCUMENT_PLACE_UNKNOWN": Code(422, "The document is about something that is not there"),
    "DOCUMENT_MISSING": Code(422, "A document that is named was not given"),
    "TOO_MANY_DOCUMENTS": Code(409, "The declaration has as many documents as it may have"),
    "VERSION_CONFLICT": Code(412, "The request is about an older version of the declaration"),
    # The streams
    "CURSOR_CONFLICT": Code(409, "The stream does not have this entry, or has another one under its number"),
    "RECEIVER_REFUSED": Code(422, "This service does not call this URL"),
    "SUBSCRIPTION_CONFLICT": Code(409, "This does not fit the subscriptions that there are"),
    # The agencies
    "VERDICT_CONFLICT": Code(409, "A different answer to this question was stored first"),
    "INSPECTION_ENDED": Code(409, "This inspection has ended"),
    "SLOT_FULL": Code(409, "The slot has no room"),
    "RECORD_UNFIT": Code(422, "The record says too little, or something that does not fit the inspection"),
    "PERSON_UNKNOWN": Code(403, "The key does not say which person uses it"),
    "SECOND_PERSON_NEEDED": Code(409, "A second person must answer this"),
    "OVERRIDE_WAITS": Code(409, "Another override of this inspection waits for a second person"),
    "OVERRIDE_ANSWERED": Code(409, "The override has another answer"),
    "QUESTION_TAKEN": Code(409, "Another officer has this question"),
    "REASON_MISSING": Code(422, "A reason is needed"),
    "QUESTION_NOT_TAKEN": Code(409, "Nobody has taken this question"),
    "QUESTION_CLOSED": Code(409, "This question has been closed"),
    "QUERY_CLOSED": Code(409, "Nobody waits for this answer any more, or another one was given"),
    # The service
    "INTERNAL_ERROR": Code(500, "Something went wrong in the service"),
    "SERVICE_UNAVAILABLE": Code(503, "The service cannot do this just now"),
})  # fmt: skip


def title_of(code: str) -> str:
    """The title of a code; a code without an entry is its own title, in plain letters."""
    entry = CODES.get(code)
    return entry.title if entry else code.replace("_", " ").capitalize()
