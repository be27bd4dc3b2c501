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
  static constexpr std::array<std::string_view, 3> kWords = {"all", "first", "last"};
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
  static constexpr std::array<std::string_view, 4> kWords = {"true", "frozen", "chunk-relative",
                                                             "size"};
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
    Token<&TokenRule::scopes_read>("token-scopes", "which of several scopes is looked at",
                                   "all, first, last"),
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
                                   "true, frozen, chunk-relative, size"),
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
    Flag<&Personality::mount>("mount", "blobs are mounted from other repositories"),
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
    Flag<&Personality::sparse_manifests>("sparse-manifests",
                                         "what a manifest names need not be there"),
    Own<&Personality::overwrite_refused>("overwrite-refused", "tags are immutable", kRefusals),
    Flag<&Personality::same_digest_allowed>("same-digest-allowed",
                                            "an immutable tag may be put as it is"),
    Own<&Personality::overwrite_message>("overwrite-message",
                                         "what an immutable tag's refusal says", kText),
    Limit<&Limits::manifest_bytes>("manifest-bytes", "the largest manifest"),
    Limit<&Limits::blob_bytes>("blob-bytes", "the largest blob"),
    OptionalLimit<&Limits::chunk_bytes>("chunk-bytes", "the largest chunk of a PATCH"),
    OptionalLimit<&Limits::chunk_bytes_min>("chunk-bytes-min",
                                            "OCI-Chunk-Min-Length: the least of a chunk"),
    OptionalLimit<&Limits::quota_bytes>("quota-bytes", "bytes of all blobs together"),
    Limit<&Limits::page>("page", "entries of a list's page"),
};

}  // namespace

std::span<const Trait> Traits() { return kTraits; }

const Trait* FindTrait(std::string_view name) {
  const auto trait = std::find_if(kTraits.begin(), kTraits.end(),
                                  [&](const Trait& one) { return one.name == name; });
  return trait == kTraits.end() ? nullptr : &*trait;
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
