"""The vocabulary of interfaces: our own, and small. Everything is in the singular, as `terms.words` gives it."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


THINGS = """
contact: contact, customer, lead, person, people, subscriber, client, prospect, recipient, attendee, participant, guest, donor,
    registrant, registration, constituent, invitee, shopper, buyer, profile, audience member, list member, patient, consumer,
    business card
company: company, organization, organisation, account, business, vendor, supplier, merchant, firm
user: user, member, employee, worker, staff, teammate, team member
deal: deal, opportunity
order: order, sales order, sale, purchase, customer order
purchase order: purchase order, po
product: product, sku, variant, product variant, listing, catalog item, catalogue item
inventory: inventory, stock, stock level, inventory level, inventory item
shipment: shipment, parcel, package, delivery, fulfillment, fulfilment, tracking, shipping label, waybill
return: return, return order, rma
refund: refund, credit note, credit memo
invoice: invoice, bill, sales invoice
quote: quote, estimate, quotation, proposal
payment: payment, charge, transaction, payment intent, payout
expense: expense, receipt, expense report
subscription: subscription, membership
coupon: coupon, discount, promo code, promotion code, voucher
review: review, rating, feedback, testimonial
ticket: ticket, case, issue, incident, bug, problem, support request, service request, support ticket, customer request, change
    request
task: task, todo, todo item, reminder, card, action item, subtask, activity, story, work item, checklist item
project: project, board
calendar event: event, calendar event, appointment, meeting, booking, reservation, interview, webinar, visit
file: file, document, attachment, pdf, doc, docx, image, photo, picture, media, video, audio, asset, recording, spreadsheet,
    workbook, presentation, csv, xls, excel, html, screenshot, scan
answer: response, submission, form submission, form response, form entry, form answer, survey response, survey answer, answer
row: row, record, table row, spreadsheet row, worksheet row, database record, database row, database item, data row, list item,
    collection item, custom object record
message: message, chat, chat message, channel message, direct message, private message, sms, sms message, text message, whatsapp,
    whatsapp message, notification, push notification, reply, dm, mms, push
email: email, mail, email message, transactional email, draft
conversation: conversation, thread
call: call, phone call, voice call, voicemail
note: note, comment
post: post, blog post, article, page, blog, tweet, content, news, status update, pin
campaign: campaign, email campaign, ad campaign, newsletter, broadcast, sequence, ad
list: list, segment, audience, contact list, mailing list
tag: tag, label
form: form, survey, quiz
candidate: candidate, applicant, application, job application
job: job, vacancy, job posting, job opening
contract: contract, agreement, envelope, signature request, signature, sign request
time entry: time entry, timesheet, timer, time log, worklog
location: location, address, place, coordinate, postcode, zip code
enrollment: enrollment, enrolment
text: text, prompt, completion, chat completion, question, sentence, paragraph, translation, summary, sentiment, language
"""
"""A line a thing: its name, then the phrases that mean it."""
NOISE = _words("""
    action all api auth batch bulk call-back callback config configuration connection count create credential data delete
    detail endpoint event-type feature field filter flow get health history hook id info information key list login logout me
    metadata option other parameter permission ping poll property request result role schema scope search setting stat status
    subscription-webhook swagger test token trigger type update url usage value version webhook
""")
"""Plumbing of interfaces: no business thing travels under these words alone."""
TAILS = _words("""
    callback change collection content data definition detail event field history id info information list metadata name
    object property record relationship result setting stage state status trigger type url value webhook
""")
"""Words that name a part or a set of the thing before them."""
CONTAINERS = _words("""
    array attribute batch copy count number page set version
""")
"""Words that stand for what follows behind `of`."""
VAGUE = _words("""
    code element entity entry group item line number object request resource unit
""")
"""Heads that say little without the word before them."""
SKIPPED = _words("""
    a all an and any associated attempt available beta current custom deprecated each every existing given its last latest
    many multiple my new one or other recent scheduled simple single specific the these this upserted v v1 v2 v3 your
""")
"""Words of a noun phrase that name no thing."""
CUTS = _words("""
    about after against are as at based be been before being between by do does for from had has have if in into is matching
    not on onto per that through to under using via was were when where which will with within without
""")
"""Words that end a noun phrase."""
OPENERS = _words("""
    fire fires inbound incoming instant on once outbound outgoing poll subscribe trigger watch when whenever
""")
"""Words before the thing of an event."""
NOT_PAST = _words("""
    bed breed embed feed id need red seed speed
""")
"""Words in -ed that are none."""
STATES = _words("""
    bounce cancel change click complete create delete done due end failure happen instant lost occur open paid ready remove
    send sent sold start success update won
""")
"""Words of an event that tell what happened."""
READ = _words("""
    browse check count describe download export fetch find get list load look lookup monitor obtain pull query read retrieve
    return search see select show view watch
""")
"""Verbs that give a thing out."""
CREATE = _words("""
    add append attach book build capture clone comment compose copy create draft duplicate enrol enroll generate identify
    import ingest insert invite issue log make new notify order place post print publish push put record register reply
    request resend save schedule send share store submit subscribe track tweet upload upsert write
""")
"""Verbs that take in a thing."""
UPDATE = _words("""
    accept activate adjust approve archive assign cancel change close complete confirm deactivate disable edit enable label
    link mark merge modify move patch reject rename reopen replace resolve set sync tag transition unsubscribe update
""")
"""Verbs that take in news of a thing."""
PROCESS = _words("""
    analyse analyze anonymize ask autocomplete classify clean compare comprehend compress convert crop decode decrypt detect
    encode encrypt enrich extract fill flatten flip format geocode moderate ocr paraphrase parse prompt proofread protect
    recognize render repair resize rewrite rotate scan sign sort spellcheck split summarise summarize transcribe transform
    translate unlock unzip validate verify zip
""")
"""Verbs that take in a thing and give back what comes of it."""
OTHER = _words("""
    call clear delete destroy detach execute invoke launch purge remove restore revoke run start stop trigger unassign wait
""")
"""Verbs that do neither."""
ALSO_NOUNS = _words("""
    book call change check comment copy count draft format issue label link list log order place post prompt query record
    reply request return scan search share sign sync tag tweet
""")
"""Verbs that are as often the thing itself: a verb only where no plainer one stands in the text."""
CARRYING = _words("""
    add append compose create draft import insert post publish push reply resend save send track upsert write
""")
"""Verbs by which a message, an e-mail or a row takes in any other thing."""
WORKED_ON = _words("""
    analyse analyze ask classify create detect generate prompt rewrite send summarise summarize translate
""")
"""Verbs by which a text does."""
TAKING = CREATE | UPDATE | PROCESS
VERBS = READ | TAKING | OTHER
SET_PIECES = _words("invitation invite reminder verification confirmation welcome reset approval otp password")
"""Words of a message whose content is settled: it carries nothing else."""
AUTH = {
    "oauth2": _words("oauth2 oauth2_cc oauth oidc openid openidconnect openid_connect client_credentials"),
    "key": _words("api_key apikey key token bearer pat personal_access_token access_token api_token bearer_token"),
    "basic": _words("basic basic_auth http_basic"),
    "people": _words("saml sso password session cookie login form"),
    "none": _words("none open public anonymous"),
}
"""Families of ways to sign in; any other way is one's own scheme, `signed`."""
FORMATS = {
    "edi": _words("x12 edifact ansi_x12 un/edifact"),
    "excel": _words("xlsx xls"),
    "yaml": _words("yml"),
    "csv": _words("tsv"),
    "json": _words("json-ld jsonl ndjson geojson hal+json"),
    "xml": _words("soap"),
}
"""Dialects of a format."""
STYLES = {
    "call": _words(
        "rest restful graphql soap grpc odata http https api web rpc json-rpc xml-rpc webhook webhooks openapi mcp"
    ),
    "file": _words("edi file files sftp ftp as2 csv batch flatfile feed"),
    "app": _words("app embedded plugin extension widget addon add-on"),
}
"""Families of styles: requests over HTTP, files and EDI, apps inside the product."""
