// The registry's route table: from method and path to the operation that fault rules and the
// journal name, with the repository, reference and session the path says.
// Threads: pure functions. Source: OCI distribution-spec "Endpoints" (end-1 … end-13); incidents.md
// section 1 (names).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/http.h"
#include "simulator/exchange.h"

namespace drydock::simulator {

enum class Operation {
  kNone,              // no route: 404
  kMethodNotAllowed,  // a route, but not with this method: 405
  kPing,
  kCatalog,
  kTagsList,
  kReferrers,
  kBlobHead,
  kBlobGet,
  kBlobDelete,
  kUploadStart,  // POST, also with ?digest= (the whole blob in one request)
  kUploadMount,  // the same POST with ?mount=
  kUploadPatch,
  kUploadStatus,
  kUploadCommit,
  kUploadCancel,
  kManifestHead,
  kManifestGet,
  kManifestPut,
  kManifestDelete,  // by digest, or of a tag
};

// What a token must allow before an operation is done.
enum class Access { kNone, kPull, kPush, kDelete, kCatalog };

struct OperationRow {
  Operation operation;
  std::string_view name;  // "upload.commit"; "" for the first two
  Access access;
  std::string_view spec;  // "end-6"
};

// Every operation, in the order of the enumeration.
std::span<const OperationRow> OperationRows();
const OperationRow& RowOf(Operation operation);

// The operation of the Hub's token service and of any other realm.
inline constexpr std::string_view kTokenOperation = "token";

struct RegistryRoute {
  Operation operation = Operation::kNone;
  // As they stand in the path or query, unchecked; the reference is percent-decoded.
  std::string repository;
  std::string reference;  // digest or tag; for uploads the digest in the query
  std::string session;
  std::string allow;  // for kMethodNotAllowed: the methods the route has, "GET, HEAD"

  Route ToRoute() const;
};

RegistryRoute FindRoute(std::string_view method, const Url& url);

// Operation names a fault rule may match on: all of OperationRows that have one, and "token".
bool IsOperationName(std::string_view text);

}  // namespace drydock::simulator
