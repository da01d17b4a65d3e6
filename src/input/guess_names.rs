//! The names by which columns and events are told, the likelier first.
//!
//! Without case and punctuation: `user_id`, `userId` and `User ID` are `userid`.
//! Knows nothing of values.

/// Columns with times.
pub const TIMES: [&str; 37] = [
    "timestamp",
    "eventtimestamp",
    "eventtime",
    "ts",
    "time",
    "datetime",
    "occurredat",
    "happenedat",
    "createdat",
    "at",
    "clienttimestamp",
    "clienttime",
    "derivedtstamp",
    "dvcecreatedtstamp",
    "collectortstamp",
    "servertime",
    "receivedat",
    "sentat",
    "starttime",
    "startedat",
    "timetimestamp",
    "completetimestamp",
    "visitstarttime",
    "activitytime",
    "eventat",
    "orderedat",
    "purchasedat",
    "boughtat",
    "linkedat",
    "updatedat",
    "invoicedate",
    "orderdate",
    "eventdatetime",
    "eventdate",
    "activitydate",
    "date",
    "day",
];

/// Names of id columns by the type of id, the strongest type first.
pub const IDS: [(&str, &[&str]); 16] = [
    ("user", &["userid", "uid", "user", "accountuserid"]),
    ("customer", &["customerid", "customer", "custid", "customerno", "customernumber", "cid"]),
    ("account", &["accountid", "account"]),
    ("client", &["clientid", "client"]),
    ("member", &["memberid", "member"]),
    ("contact", &["contactid", "leadid", "crmid", "personid", "profileid"]),
    ("email", &["email", "emailaddress", "useremail", "emailhash", "hashedemail"]),
    ("phone", &["phone", "phonenumber", "msisdn"]),
    ("loyalty", &["loyaltyid", "loyalty", "loyaltycard", "cardid", "cardno", "cardnumber"]),
    ("distinct", &["distinctid"]),
    (
        "cookie",
        &[
            "anonymousid",
            "anonid",
            "visitorid",
            "visitor",
            "cookieid",
            "cookie",
            "userpseudoid",
            "domainuserid",
            "fullvisitorid",
            "browserid",
        ],
    ),
    ("device", &["deviceid", "idfa", "idfv", "gaid", "advertisingid"]),
    ("household", &["householdid", "household", "hhid", "householdkey"]),
    ("company", &["companyid", "company", "organizationid", "orgid"]),
    ("case", &["caseid", "case", "caseconceptname", "ticketid", "traceid", "applicationid"]),
    ("session", &["sessionid", "session", "visitid"]),
];

/// Types of ids that many people share: only taken where there is no other.
pub const SHARED: [&str; 4] = ["household", "company", "case", "session"];

/// Columns with the names of events.
pub const EVENTS: [&str; 14] = [
    "eventname",
    "event",
    "activity",
    "activityname",
    "conceptname",
    "stage",
    "eventtype",
    "action",
    "eventaction",
    "step",
    "pagetype",
    "page",
    "interaction",
    "type",
];
/// Columns with pages, whose names stand for events where no column names those.
pub const PAGES: [&str; 4] = ["pagepath", "urlpath", "pageurl", "path"];

/// Events that are goals.
pub const GOALS: [&str; 26] = [
    "purchase",
    "orderplaced",
    "ordercompleted",
    "orderconfirmed",
    "ecommerceorder",
    "order",
    "purchased",
    "orders",
    "purchases",
    "buy",
    "bought",
    "checkoutcomplete",
    "checkoutcompleted",
    "transaction",
    "sale",
    "paymentdone",
    "paymentsucceeded",
    "paymentsuccess",
    "conversion",
    "converted",
    "subscribe",
    "subscribed",
    "signup",
    "signedup",
    "dealwon",
    "closedwon",
];

/// Columns with amounts of money.
pub const AMOUNTS: [&str; 20] = [
    "value",
    "revenue",
    "amount",
    "ordervalue",
    "ordertotal",
    "purchaserevenue",
    "purchasevalue",
    "conversionvalue",
    "grandtotal",
    "total",
    "totalprice",
    "totalamount",
    "salesvalue",
    "sales",
    "orderrevenue",
    "trtotal",
    "ordertotalprice",
    "price",
    "unitprice",
    "itemprice",
];
/// Amounts of which a row may count several.
pub const UNIT_PRICES: [&str; 3] = ["price", "unitprice", "itemprice"];
/// Columns with quantities.
pub const QUANTITIES: [&str; 4] = ["quantity", "qty", "units", "itemquantity"];

/// Columns worth keeping as properties.
pub const PROPERTIES: [&str; 16] = [
    "device",
    "devicetype",
    "devicecategory",
    "platform",
    "country",
    "geocountry",
    "region",
    "language",
    "browser",
    "os",
    "plan",
    "segment",
    "category",
    "store",
    "cohort",
    "usercohort",
];

/// Columns that number rows.
pub const SEQUENCES: [&str; 5] =
    ["sequence", "seq", "sequencenumber", "eventsequence", "hitnumber"];
/// Columns with an id of each event.
pub const EVENT_IDS: [&str; 7] =
    ["eventid", "messageid", "insertid", "eventuuid", "hitid", "uuid", "id"];

/// Columns with the source's own session.
pub const SESSIONS: [&str; 6] =
    ["sessionid", "gasessionid", "domainsessionid", "session", "visitid", "sid"];
/// Columns with the number of an order.
pub const ORDERS: [&str; 14] = [
    "orderid",
    "ordernumber",
    "orderno",
    "order",
    "invoiceno",
    "invoiceid",
    "invoice",
    "transactionid",
    "transactionnumber",
    "transaction",
    "receiptid",
    "receipt",
    "basketid",
    "purchaseid",
];
/// Columns with a currency.
pub const CURRENCIES: [&str; 4] = ["currency", "currencycode", "ordercurrency", "valuecurrency"];
/// Columns with a channel.
pub const CHANNELS: [&str; 8] = [
    "channel",
    "marketingchannel",
    "channelgroup",
    "channelgrouping",
    "defaultchannelgroup",
    "acquisitionchannel",
    "trafficchannel",
    "campaigntype",
];
/// Columns with the medium of a visit.
pub const MEDIUMS: [&str; 5] =
    ["utmmedium", "medium", "mktmedium", "trafficmedium", "trafficsourcemedium"];
/// Columns with a campaign.
pub const CAMPAIGNS: [&str; 5] =
    ["utmcampaign", "campaign", "campaignname", "mktcampaign", "campaignid"];
/// Columns with the arm of an experiment.
pub const ARMS: [&str; 6] =
    ["variant", "experimentvariant", "abvariant", "abgroup", "testgroup", "arm"];
