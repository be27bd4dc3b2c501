#include "simulator/registry/traits.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "core/text.h"

namespace drydock::simulator {
namespace {

constexpr std::string_view kNone = "none";
constexpr std::string_view kYesNo = "yes, no";
constexpr std::string_view kNumber = "a number";
constexpr std::string_view kNumberOrNone = "a number, none";
constexpr std::string_view kText = "text";
constexpr std::string_view kSeconds = "seconds";
constexpr std::string_view kAllowance = "none, COUNT;w=SECONDS";
constexpr std::string_view kRefusals = "none, or the error code that it is refused with";

std::string ToText(bool value) { return value ? "yes" : "no"; }
std::string ToText(const std::string& value) { return value; }
std::string ToText(std::uint64_t value) { return std::to_string(value); }
std::string ToText(Duration value) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(value).count());
}
std::string ToText(const Allowance& value) {
  return Concat({std::to_string(value.count), ";w=", ToText(value.window)});
}
std::string ToText(std::int64_t value) { return std::to_string(value); }
std::string ToText(ApiCode value) { return std::string(RowOf(value).name); }

bool FromText(std::string_view text, bool& value) {
  value = text == "yes";
  return text == "yes" || text == "no";
}

bool FromText(std::string_view text, std::string& value) {
  value = std::string(text);
  return true;
}

template <typename Number, typename = std::enable_if_t<std::is_unsigned_v<Number>>>
bool FromText(std::string_view text, Number& value) {
  const auto number = ParseUnsigned(text);
  value = number.value_or(0);
  return number.has_value();
}

bool FromText(std::string_view text, std::int64_t& value) {
  constexpr std::uint64_t kMax = 366UL * 86400;
  const bool negative = !text.empty() && text.front() == '-';
  const auto number = ParseUnsigned(text.substr(negative ? 1 : 0));
  value = static_cast<std::int64_t>(std::min(number.value_or(0), kMax)) * (negative ? -1 : 1);
  return number && *number <= kMax;
}

// A year is longer than anything here needs to be, and far from overflowing.
bool FromText(std::string_view text, Duration& value) {
  constexpr std::uint64_t kSecondsMax = 366UL * 86400;
  const auto number = ParseUnsigned(text);
  value = std::chrono::seconds(std::min(number.value_or(0), kSecondsMax));
  return number && *number <= kSecondsMax;
}

bool FromText(std::string_view text, Allowance& value) {
  constexpr std::string_view kWindow = ";w=";
  const std::size_t mark = text.find(kWindow);
  return mark != std::string_view::npos && FromText(text.substr(0, mark), value.count) &&
         FromText(text.substr(mark + kWindow.size()), value.window) && value.count > 0 &&
         value.window > Duration::zero();
}

// Codes that stand in the table twice mean the first, as the specification has it.
bool FromText(std::string_view text, ApiCode& value) {
  const auto rows = ErrorRows();
  const auto row =
      std::find_if(rows.begin(), rows.end(), [&](const ErrorRow& one) { return one.name == text; });
  if (row == rows.end()) {
    return false;
  }
  value = row->code;
  return true;
}

// A word for each value of an enumeration, in its order.
template <typename Enum>
struct Words;
template <>
struct Words<ScopesRead> {
  static constexpr std::array<std::string_view, 5> kWords = {"all", "first", "last", "pull",
                                                             "none"};
};
template <>
struct Words<ManifestDelete> {
  static constexpr std::array<std::string_view, 3> kWords = {"no", "yes", "unless-tagged"};
};
template <>
struct Words<DigestHeader> {
  static constexpr std::array<std::string_view, 3> kWords = {"always", "not-on-put",
                                                             "not-on-tag-read"};
};
template <>
struct Words<DetailStyle> {
  static constexpr std::array<std::string_view, 2> kWords = {"named", "distribution"};
};
template <>
struct Words<RangeReply> {
  static constexpr std::array<std::string_view, 7> kWords = {
      "true", "frozen", "chunk-relative", "size", "short", "zero", "absent"};
};
template <>
struct Words<ChunkOffset> {
  static constexpr std::array<std::string_view, 2> kWords = {"strict", "appended"};
};
template <>
struct Words<UploadKeeping> {
  static constexpr std::array<std::string_view, 3> kWords = {"shared", "by-replica", "lost"};
};
template <>
struct Words<StatusRoute> {
  static constexpr std::array<std::string_view, 3> kWords = {"yes", "404", "405"};
};
template <>
struct Words<Routing> {
  static constexpr std::array<std::string_view, 3> kWords = {"request", "connection", "path"};
};
template <>
struct Words<MountRule> {
  static constexpr std::array<std::string_view, 4> kWords = {"no", "yes", "401", "403"};
};
template <>
struct Words<Children> {
  static constexpr std::array<std::string_view, 3> kWords = {"no", "yes", "stubbed"};
};
template <>
struct Words<QuotaAt> {
  static constexpr std::array<std::string_view, 3> kWords = {"commit", "start", "manifest"};
};
template <>
struct Words<ChallengeForm> {
  static constexpr std::array<std::string_view, 9> kWords = {
      "usual",   "reordered",  "unquoted", "lower-case", "upper-case",
      "several", "two-fields", "no-scope", "no-service"};
};

template <typename Enum, typename = decltype(Words<Enum>::kWords)>
std::string ToText(Enum value) {
  return std::string(Words<Enum>::kWords[static_cast<std::size_t>(value)]);
}

template <typename Enum, typename = decltype(Words<Enum>::kWords), typename = void>
bool FromText(std::string_view text, Enum& value) {
  const auto& words = Words<Enum>::kWords;
  const auto word = std::find(words.begin(), words.end(), text);
  if (word == words.end()) {
    return false;
  }
  value = static_cast<Enum>(word - words.begin());
  return true;
}

template <typename Value>
std::string ToText(const std::optional<Value>& value) {
  return value ? ToText(*value) : std::string(kNone);
}

template <typename Value>
bool FromText(std::string_view text, std::optional<Value>& value) {
  if (text == kNone) {
    value.reset();
    return true;
  }
  return FromText(text, value.emplace());
}

template <typename Field>
bool Assign(Field& field, std::string_view text) {
  Field value{};
  if (!FromText(text, value)) {
    return false;
  }
  field = std::move(value);
  return true;
}

// A field of the personality itself.
template <auto kField>
constexpr Trait Own(std::string_view name, std::string_view meaning, std::string_view values) {
  return {name, meaning, values, [](const Personality& from) { return ToText(from.*kField); },
          [](Personality& to, std::string_view text) { return Assign(to.*kField, text); }};
}

template <auto kField>
constexpr Trait Flag(std::string_view name, std::string_view meaning) {
  return Own<kField>(name, meaning, kYesNo);
}

template <auto kField>
constexpr Trait Limit(std::string_view name, std::string_view meaning) {
  return {name, meaning, kNumber,
          [](const Personality& from) {
            return ToText(static_cast<std::uint64_t>(from.limits.*kField));
          },
          [](Personality& to, std::string_view text) { return Assign(to.limits.*kField, text); }};
}

// The same where 0 means that there is no limit.
template <auto kField>
constexpr Trait OptionalLimit(std::string_view name, std::string_view meaning) {
  return {name, meaning, kNumberOrNone,
          [](const Personality& from) {
            return from.limits.*kField == 0 ? std::string(kNone) : ToText(from.limits.*kField);
          },
          [](Personality& to, std::string_view text) {
            return Assign(to.limits.*kField, text == kNone ? "0" : text);
          }};
}

// A field of an optional part: "none" without the part, and setting it brings the part.
template <auto kPart, auto kField>
constexpr Trait PartOf(std::string_view name, std::string_view meaning, std::string_view values) {
  return {name, meaning, values,
          [](const Personality& from) {
            return from.*kPart ? ToText((*(from.*kPart)).*kField) : std::string(kNone);
          },
          [](Personality& to, std::string_view text) {
            auto part = to.*kPart;
            if (!part) {
              part.emplace();
            }
            if (!Assign((*part).*kField, text)) {
              return false;
            }
            to.*kPart = std::move(part);
            return true;
          }};
}

template <auto kField>
constexpr Trait Token(std::string_view name, std::string_view meaning, std::string_view values) {
  return PartOf<&Personality::tokens, kField>(name, meaning, values);
}

std::string GetAuthentication(const Personality& from) {
  return from.tokens ? "bearer" : from.basic ? "basic" : std::string(kNone);
}

bool SetAuthentication(Personality& to, std::string_view text) {
  if (text != "bearer" && text != "basic" && text != kNone) {
    return false;
  }
  to.basic = text == "basic";
  if (text != "bearer") {
    to.tokens.reset();
  } else if (!to.tokens) {
    to.tokens.emplace();
  }
  return true;
}

std::string GetPullLimit(const Personality& from) {
  return from.pull_limit ? ToText(Allowance{from.pull_limit->anonymous, from.pull_limit->window})
                         : std::string(kNone);
}

bool SetPullLimit(Personality& to, std::string_view text) {
  std::optional<Allowance> allowance;
  if (!FromText(text, allowance)) {
    return false;
  }
  if (!allowance) {
    to.pull_limit.reset();
    return true;
  }
  PullLimit limit = to.pull_limit.value_or(PullLimit{});
  limit.anonymous = allowance->count;
  limit.window = allowance->window;
  to.pull_limit = limit;
  return true;
}

bool SetOverwriteStatus(Personality& to, std::string_view text) {
  std::optional<std::uint64_t> status;
  if (!FromText(text, status) || (status && (*status < 400 || *status > 599))) {
    return false;
  }
  to.overwrite_status = status;
  return true;
}

std::string GetCdn(const Personality& from) {
  return from.cdn ? from.cdn->host : std::string(kNone);
}

bool SetCdn(Personality& to, std::string_view text) {
  if (text == kNone) {
    to.cdn.reset();
  } else {
    CdnRule rule = to.cdn.value_or(CdnRule{});
    rule.host = std::string(text);
    to.cdn = std::move(rule);
  }
  return !text.empty();
}

constexpr std::array kTraits = {
    Trait{"authentication", "how clients prove who they are", "bearer, basic, none",
          GetAuthentication, SetAuthentication},
    Token<&TokenRule::realm>("token-realm", "where tokens are given out", "URL, or a path"),
    Token<&TokenRule::service>("token-service", "what tokens are for", kText),
    Token<&TokenRule::issuer>("token-issuer", "who gives tokens out", kText),
    Token<&TokenRule::life>("token-life", "how long a token is good", kSeconds),
    Token<&TokenRule::says_expiry>("token-expires-in", "a token comes with its life", kYesNo),
    Token<&TokenRule::excess_refused>(
        "token-excess-refused", "an access token asked for more than it may gets 401", kYesNo),
    Token<&TokenRule::refresh_tokens>("refresh-tokens", "refresh tokens are given and taken",
                                      kYesNo),
    Token<&TokenRule::oauth_post>("token-post", "tokens may be asked for by POST (OAuth2)", kYesNo),
    Token<&TokenRule::scopes_read>("token-scopes", "what is granted of the scopes asked for",
                                   "all, first, last, pull, none"),
    Own<&Personality::challenge>("challenge", "how a 401 asks for a token",
                                 "usual, reordered, unquoted, lower-case, upper-case, several, "
                                 "two-fields, no-scope, no-service"),
    Own<&Personality::clock_skew>("clock-skew",
                                  "seconds that the clock tokens are held against is ahead",
                                  "a number, also a negative one"),
    Own<&Personality::date_skew>("date-skew", "seconds that the Date of answers is ahead",
                                 "a number, also a negative one"),
    Token<&TokenRule::lockout>("login-lockout", "wrong passwords until 429", kAllowance),
    Trait{"pull-limit", "manifests an address may GET", kAllowance, GetPullLimit, SetPullLimit},
    PartOf<&Personality::pull_limit, &PullLimit::account>(
        "pull-limit-account", "manifests an account may GET in that window; 0: any number",
        kNumber),
    Own<&Personality::request_limit>("request-limit", "requests of an address until the edge's 429",
                                     kAllowance),
    Flag<&Personality::absolute_location>("absolute-location", "Location has scheme and host"),
    Flag<&Personality::upload_state>("upload-state", "an upload's Location carries _state"),
    Flag<&Personality::status_wants_state>("status-wants-state",
                                           "upload status with a stale _state is 404"),
    Own<&Personality::range_reply>("range-reply", "the Range that a chunk is answered with",
                                   "true, frozen, chunk-relative, size, short, zero, absent"),
    Own<&Personality::chunk_offset>("chunk-offset", "a chunk that does not follow the last one",
                                    "strict, appended"),
    Own<&Personality::uploads>("uploads", "who knows an upload session",
                               "shared, by-replica, lost"),
    Own<&Personality::upload_life>("upload-life", "seconds until an upload session is gone",
                                   "seconds, none"),
    Own<&Personality::upload_status>("upload-status", "GET of an upload session", "yes, 404, 405"),
    Flag<&Personality::mismatch_ends_upload>("mismatch-ends-upload",
                                             "a commit with another digest ends the session"),
    Flag<&Personality::manifest_location>("manifest-location",
                                          "a pushed manifest's 201 has a Location"),
    Own<&Personality::digest_header>("digest-header", "where Docker-Content-Digest stands",
                                     "always, not-on-put, not-on-tag-read"),
    Own<&Personality::details>("error-details", "how an error's detail is written",
                               "named, distribution"),
    Trait{"cdn", "the host that blobs are redirected to", "none, HOST", GetCdn, SetCdn},
    PartOf<&Personality::cdn, &CdnRule::life>("cdn-life", "how long a redirect's URL is good",
                                              kSeconds),
    Own<&Personality::tag_list_lag>("tag-list-lag", "what the Hub API's tag listing lags behind",
                                    kSeconds),
    Flag<&Personality::catalog>("catalog", "GET /v2/_catalog"),
    Flag<&Personality::referrers>("referrers", "the referrers API"),
    Own<&Personality::mount>("mount", "blobs are mounted from other repositories",
                             "no, yes, 401, 403"),
    Flag<&Personality::anonymous_mount>("anonymous-mount", "a mount without from= looks anywhere"),
    Flag<&Personality::single_post>("single-post", "a POST may carry the whole blob"),
    Flag<&Personality::tag_parameters>("tag-parameters", "?tag= when a manifest is put by digest"),
    Flag<&Personality::digest_algorithm>("digest-algorithm",
                                         "?digest-algorithm= chooses what a session hashes with"),
    Flag<&Personality::delete_blobs>("delete-blobs", "DELETE of blobs"),
    Flag<&Personality::delete_tags>("delete-tags", "DELETE of tags"),
    Own<&Personality::delete_manifests>("delete-manifests", "DELETE of manifests by digest",
                                        "no, yes, unless-tagged"),
    Flag<&Personality::create_repositories>("create-repositories",
                                            "pushing creates the repository; otherwise 404"),
    Flag<&Personality::list_paging>("list-paging", "lists heed n= and last="),
    Flag<&Personality::list_link>("list-link", "lists link to their next page"),
    Own<&Personality::writes_refused>("read-only", "every write is refused", kRefusals),
    Flag<&Personality::known_manifest_types_only>("known-manifest-types-only",
                                                  "415 for types that are no manifest's"),
    Flag<&Personality::content_type_required>("content-type-required",
                                              "a manifest needs a Content-Type"),
    Flag<&Personality::descriptor_sizes_checked>("descriptor-sizes-checked",
                                                 "a descriptor's size must be the blob's"),
    Flag<&Personality::docker_types>("docker-types", "Docker's media types are taken"),
    Flag<&Personality::artifacts>("artifacts", "configs of any media type are taken"),
    Flag<&Personality::empty_layers>("empty-layers", "images without layers are taken"),
    Flag<&Personality::platforms_required>("platforms-required",
                                           "an index's entries need a platform"),
    Own<&Personality::blob_entries_refused>(
        "blob-entries-refused", "an index of blobs (BuildKit's cache) is refused", kRefusals),
    Own<&Personality::sparse_manifests>(
        "sparse-manifests", "what a manifest names need not be there", "no, yes, stubbed"),
    Own<&Personality::types_refused>(
        "types-refused", "globs of media types that no manifest may have or name", kText),
    Flag<&Personality::index_to_child>("index-to-child",
                                       "whoever takes no index gets its linux/amd64 child by tag"),
    Flag<&Personality::digest_checked>("digest-checked", "a blob is what its digest says"),
    Flag<&Personality::reserialised>("reserialised", "manifests are written anew"),
    Own<&Personality::overwrite_refused>("overwrite-refused", "tags are immutable", kRefusals),
    Flag<&Personality::same_digest_allowed>("same-digest-allowed",
                                            "an immutable tag may be put as it is"),
    Trait{"overwrite-status", "the status of an immutable tag's refusal",
          "none (the code's own), 400 to 599",
          [](const Personality& from) { return ToText(from.overwrite_status); },
          SetOverwriteStatus},
    Own<&Personality::overwrite_message>("overwrite-message",
                                         "what an immutable tag's refusal says", kText),
    Limit<&Limits::manifest_bytes>("manifest-bytes", "the largest manifest"),
    Limit<&Limits::blob_bytes>("blob-bytes", "the largest blob"),
    OptionalLimit<&Limits::chunk_bytes>("chunk-bytes", "the largest chunk of a PATCH"),
    OptionalLimit<&Limits::chunk_bytes_min>("chunk-bytes-min",
                                            "OCI-Chunk-Min-Length: the least of a chunk"),
    OptionalLimit<&Limits::quota_bytes>("quota-bytes", "bytes of all blobs together"),
    Own<&Personality::quota_at>("quota-at", "when the quota is looked at",
                                "commit, start, manifest"),
    Limit<&Limits::page>("page", "entries of a list's page"),
    Own<&Personality::methods_refused>("methods-refused",
                                       "methods that a proxy in front answers 405", kText),
    Flag<&Personality::length_required>("length-required", "411 for a body of unknown length"),
    Own<&Personality::replicas>("replicas", "copies of the registry behind one name", kNumber),
    Own<&Personality::routing>("routing", "what decides which replica gets a request",
                               "request, connection, path"),
};

// What the traits that are not about everything are about.
struct Concern {
  std::string_view operations;
  std::string_view traits;
};
constexpr std::string_view kRegistry =
    "ping catalog tags.list referrers blob.* upload.* manifest.*";
constexpr std::array kConcerns = {
    Concern{"token",
            "token-life token-expires-in token-excess-refused refresh-tokens token-post "
            "token-scopes login-lockout token-issuer"},
    Concern{"manifest.head manifest.get", "pull-limit pull-limit-account index-to-child"},
    Concern{"upload.*", "upload-state"},
    Concern{"upload.patch upload.status upload.commit upload.cancel", "uploads upload-life"},
    Concern{"upload.patch upload.commit", "chunk-offset blob-bytes"},
    Concern{"upload.patch", "range-reply chunk-bytes"},
    Concern{"upload.start upload.patch", "chunk-bytes-min"},
    Concern{"upload.status", "status-wants-state upload-status"},
    Concern{"upload.commit", "mismatch-ends-upload digest-checked"},
    Concern{"upload.start", "single-post digest-algorithm"},
    Concern{"upload.mount", "mount anonymous-mount"},
    Concern{"upload.start upload.commit manifest.put", "quota-bytes quota-at"},
    Concern{"manifest.put",
            "manifest-location tag-parameters known-manifest-types-only content-type-required "
            "descriptor-sizes-checked docker-types artifacts empty-layers platforms-required "
            "blob-entries-refused sparse-manifests types-refused reserialised overwrite-refused "
            "same-digest-allowed overwrite-status overwrite-message manifest-bytes"},
    Concern{"manifest.head manifest.get manifest.put", "digest-header"},
    Concern{"upload.start upload.mount manifest.put", "create-repositories"},
    Concern{"upload.* manifest.put manifest.delete blob.delete", "read-only"},
    Concern{"blob.get", "cdn cdn-life"},
    Concern{"hub.tags", "tag-list-lag"},
    Concern{"catalog", "catalog"},
    Concern{"referrers manifest.put", "referrers"},
    Concern{"blob.delete", "delete-blobs"},
    Concern{"manifest.delete", "delete-tags delete-manifests"},
    Concern{"catalog tags.list", "list-paging list-link"},
    Concern{"catalog tags.list referrers", "page"},
};

// "yes", true, 60 or "10;w=900": as the trait's table writes it.
std::optional<std::string> TraitText(const json::Value& value) {
  if (const std::string* text = value.as_string()) {
    return *text;
  }
  if (const bool* flag = value.as_bool()) {
    return *flag ? "yes" : "no";
  }
  const auto number = value.as_integer();
  return number ? std::optional(std::to_string(*number)) : std::nullopt;
}

}  // namespace

std::span<const Trait> Traits() { return kTraits; }

const Trait* FindTrait(std::string_view name) {
  const auto trait = std::find_if(kTraits.begin(), kTraits.end(),
                                  [&](const Trait& one) { return one.name == name; });
  return trait == kTraits.end() ? nullptr : &*trait;
}

std::vector<std::string> OperationsOf(const Trait& trait) {
  for (const Concern& concern : kConcerns) {
    const std::vector<std::string> traits = Split(concern.traits, ' ');
    if (std::find(traits.begin(), traits.end(), trait.name) != traits.end()) {
      return Split(concern.operations, ' ');
    }
  }
  std::vector<std::string> all = Split(kRegistry, ' ');
  if (trait.name == "token-realm" || trait.name == "token-service") {
    all.emplace_back("token");
  }
  return all;
}

TraitList ReadTraits(json::Source& source, const json::Value& value, std::string_view what) {
  TraitList traits;
  if (value.as_object() == nullptr || value.as_object()->empty()) {
    source.Fail(value.line(), Concat({what, ": expected an object of traits and their values, ",
                                      "found: ", value.Excerpt()}));
    return traits;
  }
  Personality scratch;
  for (const json::Member& member : *value.as_object()) {
    const auto text = TraitText(member.value);
    const Status set =
        text ? SetTrait(scratch, member.key, *text)
             : Error(ErrorCode::kInvalid,
                     Concat({"trait ", member.key, ": expected a text, a number, true or false, ",
                             "found: ", member.value.Excerpt()}));
    if (!set) {
      source.Fail(member.line, Concat({what, ": ", set.error().message()}));
      return {};
    }
    traits.emplace_back(member.key, *text);
  }
  return traits;
}

Personality Bent(const Personality& personality, const TraitList& traits) {
  Personality bent = personality;
  for (auto trait = traits.rbegin(); trait != traits.rend(); ++trait) {
    static_cast<void>(SetTrait(bent, trait->first, trait->second));
  }
  return bent;
}

Status SetTrait(Personality& personality, std::string_view name, std::string_view value) {
  const Trait* trait = FindTrait(name);
  if (trait == nullptr) {
    std::vector<std::string> names;
    names.reserve(kTraits.size());
    for (const Trait& one : kTraits) {
      names.emplace_back(one.name);
    }
    const auto nearest = NearestWord(name, names);
    return Error(ErrorCode::kInvalid,
                 Concat({"unknown trait \"", name, "\"", nearest ? "; did you mean " : "",
                         nearest.value_or(""), nearest ? "?" : ""}));
  }
  if (!trait->set(personality, value)) {
    return Error(ErrorCode::kInvalid,
                 Concat({"trait ", name, ": \"", value, "\" is none of: ", trait->values}));
  }
  return Ok{};
}

}  // namespace drydock::simulator
