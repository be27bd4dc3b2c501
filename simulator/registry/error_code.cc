#include "simulator/registry/error_code.h"

#include <array>
#include <nlohmann/json.hpp>

namespace drydock::simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<ErrorRow, 23> kRows = {{
    {ApiCode::kBlobUnknown, "BLOB_UNKNOWN", 404, "blob unknown to registry", "code-1"},
    {ApiCode::kBlobUploadInvalid, "BLOB_UPLOAD_INVALID", 400, "blob upload invalid", "code-2"},
    {ApiCode::kBlobUploadUnknown, "BLOB_UPLOAD_UNKNOWN", 404, "blob upload unknown to registry",
     "code-3"},
    {ApiCode::kDigestInvalid, "DIGEST_INVALID", 400,
     "provided digest did not match uploaded content", "code-4"},
    {ApiCode::kManifestBlobUnknown, "MANIFEST_BLOB_UNKNOWN", 400,
     "manifest references a manifest or blob unknown to registry", "code-5"},
    {ApiCode::kManifestInvalid, "MANIFEST_INVALID", 400, "manifest invalid", "code-6"},
    {ApiCode::kManifestUnknown, "MANIFEST_UNKNOWN", 404, "manifest unknown", "code-7"},
    {ApiCode::kNameInvalid, "NAME_INVALID", 400, "invalid repository name", "code-8"},
    {ApiCode::kNameUnknown, "NAME_UNKNOWN", 404, "repository name not known to registry", "code-9"},
    {ApiCode::kSizeInvalid, "SIZE_INVALID", 400, "provided length did not match content length",
     "code-10"},
    {ApiCode::kUnauthorized, "UNAUTHORIZED", 401, "authentication required", "code-11"},
    {ApiCode::kDenied, "DENIED", 403, "requested access to the resource is denied", "code-12"},
    {ApiCode::kUnsupported, "UNSUPPORTED", 405, "the operation is unsupported", "code-13"},
    {ApiCode::kTooManyRequests, "TOOMANYREQUESTS", 429, "too many requests", "code-14"},
    {ApiCode::kTagInvalid, "TAG_INVALID", 400, "invalid tag", "distribution"},
    {ApiCode::kRangeInvalid, "RANGE_INVALID", 416, "invalid content range", "distribution"},
    {ApiCode::kPaginationNumberInvalid, "PAGINATION_NUMBER_INVALID", 400,
     "invalid number of results requested", "distribution"},
    {ApiCode::kMethodNotAllowed, "UNSUPPORTED", 405, "the method is not allowed here", "code-13"},
    {ApiCode::kUnsupportedMediaType, "UNSUPPORTED", 415, "the media type is unsupported",
     "code-13"},
    {ApiCode::kTooLarge, "SIZE_INVALID", 413, "larger than the registry accepts", "code-10"},
    {ApiCode::kTooManyTags, "TAG_INVALID", 414, "more tags in the query than the registry accepts",
     "end-7b"},
    {ApiCode::kUnknown, "UNKNOWN", 500, "unknown error", "distribution"},
    {ApiCode::kUploadStale, "BLOB_UPLOAD_INVALID", 404, "blob upload invalid", "gitlab"},
}};

Json DetailOf(const Problem& problem, DetailStyle style, std::string_view repository) {
  if (style == DetailStyle::kDistribution) {
    switch (problem.code) {
      case ApiCode::kBlobUnknown:
      case ApiCode::kManifestBlobUnknown:
        return problem.value;
      case ApiCode::kManifestUnknown:
        return problem.key == "tag" ? Json{{"Tag", problem.value}}
                                    : Json{{"Name", repository}, {"Revision", problem.value}};
      case ApiCode::kBlobUploadUnknown:
        return Json::object();
      default:
        break;
    }
  }
  return problem.key.empty() ? Json() : Json{{problem.key, problem.value}};
}

}  // namespace

std::span<const ErrorRow> ErrorRows() { return kRows; }

const ErrorRow& RowOf(ApiCode code) { return kRows[static_cast<std::size_t>(code)]; }

Response Refusal(const Problem& problem) { return Refusal(std::vector<Problem>{problem}); }

Response Refusal(const std::vector<Problem>& problems, DetailStyle style,
                 std::string_view repository) {
  Json errors = Json::array();
  for (const Problem& problem : problems) {
    const ErrorRow& row = RowOf(problem.code);
    const bool as_blob =
        style == DetailStyle::kDistribution && problem.code == ApiCode::kManifestBlobUnknown;
    Json error;
    error["code"] = row.name;
    error["message"] = !problem.message.empty() ? std::string_view(problem.message)
                       : as_blob                ? RowOf(ApiCode::kBlobUnknown).message
                                                : row.message;
    if (style == DetailStyle::kNamed || !problem.key.empty()) {
      error["detail"] = DetailOf(problem, style, repository);
    }
    errors.push_back(std::move(error));
  }
  // Details quote the client, who may have sent anything: what is no UTF-8 is replaced.
  return JsonAnswer(
      RowOf(problems.front().code).status,
      Json{{"errors", errors}}.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

Response StorageFailed(const Error& error) {
  const bool full = error.code() == ErrorCode::kDenied;
  return Refusal({full ? ApiCode::kDenied : ApiCode::kUnknown, "storage", error.message()});
}

Response PlainAnswer(int status, std::string_view text) {
  Response response;
  response.status = status;
  response.headers.Add("Content-Type", "text/plain; charset=utf-8");
  response.headers.Add("X-Content-Type-Options", "nosniff");
  response.body = Body::FromString(std::string(text));
  return response;
}

Response JsonAnswer(int status, std::string json) {
  Response response;
  response.status = status;
  response.headers.Add("Content-Type", "application/json; charset=utf-8");
  response.body = Body::FromString(std::move(json));
  return response;
}

}  // namespace drydock::simulator
