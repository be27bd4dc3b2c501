// The matrix of real clients: which does what against which personality. client_matrix_test.cc and
// buildkit_test.cc run the rows, docs/clients.md shows them. Threads: constants.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/e2e/registry_access.h"

namespace drydock::testing {

enum class Case {
  kPush,
  kPushAgain,
  kPull,
  kIndex,
  kMount,
  kInspect,
  kDelete,
  kWrongPassword,
  kMissingTag,
  // Of builders alone:
  kCacheExport,
  kCacheBlobRejected,
  kCacheManifestRejected,
};

enum class Offer {
  kEverywhere,
  kRefusedByHub,  // Docker Hub refuses it, as it should, and the client says so
  kNowhere,       // the client has no such operation
};

struct ClientRow {
  std::string_view client;
  Case what = Case::kPush;
  std::string_view how;  // the client does it, or why it does not
  Offer offer = Offer::kEverywhere;
};

std::span<const ClientRow> ClientRows();

std::string_view NameOf(Case what);

// Is its client one of the Debian 13 in a folder?
bool IsOfDebian13(const ClientRow& row);

// A row against one personality: one test.
struct ClientCell {
  ClientRow row;
  Against against = Against::kStrict;
};

// Of the rows that are `wanted` and that the client offers.
std::vector<ClientCell> ClientCells(bool (*wanted)(const ClientRow& row));

// "skopeo_1_9_push_again_docker_hub"
std::string TestName(const ClientCell& cell);

// The tables of docs/clients.md.
std::string ClientTable();

}  // namespace drydock::testing
