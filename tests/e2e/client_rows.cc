#include "tests/e2e/client_rows.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace drydock::testing {
namespace {

constexpr std::string_view kSkopeo = "skopeo 1.9";
constexpr std::string_view kBuildah = "buildah 1.28";
constexpr std::string_view kPodman = "podman 4.3";
constexpr std::string_view kUmoci = "umoci 0.4";
constexpr std::string_view kDocker20 = "docker 20.10";
constexpr std::string_view kDocker26 = "docker 26.1";
constexpr std::string_view kBuildx = "buildx 0.13";

constexpr std::string_view kNoDelete = "deletes nothing in a registry";

constexpr std::array kRows = {
    ClientRow{kSkopeo, Case::kPush, "`copy oci: docker://`"},
    ClientRow{kSkopeo, Case::kPushAgain, "blobs asked for, manifest put again"},
    ClientRow{kSkopeo, Case::kPull, "`copy docker:// oci:`"},
    ClientRow{kSkopeo, Case::kIndex, "`copy --all`"},
    ClientRow{kSkopeo, Case::kMount, "knows from its cache where the layer is"},
    ClientRow{kSkopeo, Case::kInspect, "`inspect --raw`"},
    ClientRow{kSkopeo, Case::kDelete, "`delete`", Offer::kRefusedByHub},
    ClientRow{kSkopeo, Case::kWrongPassword, "fails at the token service"},
    ClientRow{kSkopeo, Case::kMissingTag, "fails with `manifest unknown`"},

    ClientRow{kBuildah, Case::kPush, "`push` from its store"},
    ClientRow{kBuildah, Case::kPushAgain, "blobs asked for, manifest put again"},
    ClientRow{kBuildah, Case::kPull, "`pull`"},
    ClientRow{kBuildah, Case::kIndex, "`manifest push --all`"},
    ClientRow{kBuildah, Case::kMount, "knows from its cache where the layer is"},
    ClientRow{kBuildah, Case::kInspect, "`manifest inspect`"},
    ClientRow{kBuildah, Case::kDelete, kNoDelete, Offer::kNowhere},
    ClientRow{kBuildah, Case::kWrongPassword, "fails at the token service"},
    ClientRow{kBuildah, Case::kMissingTag, "fails with `manifest unknown`"},

    ClientRow{kPodman, Case::kPush, "`push` from its store"},
    ClientRow{kPodman, Case::kPushAgain, "blobs asked for, manifest put again"},
    ClientRow{kPodman, Case::kPull, "`pull`"},
    ClientRow{kPodman, Case::kIndex, "`manifest push --all`"},
    ClientRow{kPodman, Case::kMount, "knows from its cache where the layer is"},
    ClientRow{kPodman, Case::kInspect, "`manifest inspect`"},
    ClientRow{kPodman, Case::kDelete, kNoDelete, Offer::kNowhere},
    ClientRow{kPodman, Case::kWrongPassword, "fails at the token service"},
    ClientRow{kPodman, Case::kMissingTag, "fails with `manifest unknown`"},

    ClientRow{kUmoci, Case::kPush, "`init`, `new`, `insert`; skopeo carries the layout"},
    ClientRow{kUmoci, Case::kPushAgain, "as skopeo"},
    ClientRow{kUmoci, Case::kPull, "skopeo carries the layout; `unpack`"},
    ClientRow{kUmoci, Case::kIndex, "makes no index", Offer::kNowhere},
    ClientRow{kUmoci, Case::kMount, "speaks to no registry", Offer::kNowhere},
    ClientRow{kUmoci, Case::kInspect, "speaks to no registry", Offer::kNowhere},
    ClientRow{kUmoci, Case::kDelete, "speaks to no registry", Offer::kNowhere},
    ClientRow{kUmoci, Case::kWrongPassword, "speaks to no registry", Offer::kNowhere},
    ClientRow{kUmoci, Case::kMissingTag, "speaks to no registry", Offer::kNowhere},

    ClientRow{kDocker20, Case::kPush, "`push` by a real dockerd"},
    ClientRow{kDocker20, Case::kPushAgain, "blobs asked for, manifest put again"},
    ClientRow{kDocker20, Case::kPull, "`pull`"},
    ClientRow{kDocker20, Case::kIndex, "`manifest create`, `manifest push`"},
    ClientRow{kDocker20, Case::kMount, "knows from its records where the layer is"},
    ClientRow{kDocker20, Case::kInspect, "`manifest inspect`"},
    ClientRow{kDocker20, Case::kDelete, kNoDelete, Offer::kNowhere},
    ClientRow{kDocker20, Case::kWrongPassword, "`login` is refused"},
    ClientRow{kDocker20, Case::kMissingTag, "fails with `manifest unknown`"},

    ClientRow{kDocker26, Case::kPush, "`push` from the containerd image store"},
    ClientRow{kDocker26, Case::kPushAgain, "blobs asked for, manifest put again"},
    ClientRow{kDocker26, Case::kPull, "`pull`"},
    ClientRow{kDocker26, Case::kIndex, "`manifest create`, `manifest push`"},
    ClientRow{kDocker26, Case::kMount, "the layer was pushed elsewhere"},
    ClientRow{kDocker26, Case::kInspect, "`manifest inspect`"},
    ClientRow{kDocker26, Case::kDelete, kNoDelete, Offer::kNowhere},
    ClientRow{kDocker26, Case::kWrongPassword, "`login` is refused"},
    ClientRow{kDocker26, Case::kMissingTag, "fails with `not found`"},

    ClientRow{kBuildx, Case::kPush, "`buildx build --push` by BuildKit 0.13"},
    ClientRow{kBuildx, Case::kPushAgain, "nothing but questions"},
    ClientRow{kBuildx, Case::kPull, "`pull` by dockerd 26.1 into containerd's store"},
    ClientRow{kBuildx, Case::kIndex, "`--platform linux/amd64,linux/arm64`"},
    ClientRow{kBuildx, Case::kMount, "has pushed the layer to another repository"},
    ClientRow{kBuildx, Case::kInspect, "`manifest inspect`"},
    ClientRow{kBuildx, Case::kDelete, kNoDelete, Offer::kNowhere},
    ClientRow{kBuildx, Case::kWrongPassword, "fails at the token service"},
    ClientRow{kBuildx, Case::kMissingTag, "fails with `not found`"},
    ClientRow{kBuildx, Case::kCacheExport, "`--cache-to type=registry,mode=max`, `--cache-from`"},
    ClientRow{kBuildx, Case::kCacheBlobRejected, "fails as captured; publishes without the option"},
    ClientRow{kBuildx, Case::kCacheManifestRejected,
              "fails as captured; publishes without the option"},
};

std::string Cell(const ClientRow& row, Against against) {
  if (row.offer == Offer::kNowhere) {
    return "–";
  }
  return against == Against::kDockerHub && row.offer == Offer::kRefusedByHub ? "✓ refused" : "✓";
}

}  // namespace

std::span<const ClientRow> ClientRows() { return kRows; }

std::string_view NameOf(Case what) {
  switch (what) {
    case Case::kPush:
      return "push";
    case Case::kPushAgain:
      return "push again";
    case Case::kPull:
      return "pull";
    case Case::kIndex:
      return "two platforms";
    case Case::kMount:
      return "mount";
    case Case::kInspect:
      return "inspect";
    case Case::kDelete:
      return "delete";
    case Case::kWrongPassword:
      return "wrong password";
    case Case::kMissingTag:
      return "missing tag";
    case Case::kCacheExport:
      return "cache export";
    case Case::kCacheBlobRejected:
      return "400 HTML for a blob of the cache";
    case Case::kCacheManifestRejected:
      return "400 HTML for the manifest of the cache";
  }
  return "";
}

bool IsOfDebian13(const ClientRow& row) { return row.client == kDocker26 || row.client == kBuildx; }

std::vector<ClientCell> ClientCells(bool (*wanted)(const ClientRow& row)) {
  std::vector<ClientCell> cells;
  for (const ClientRow& row : ClientRows()) {
    if (row.offer != Offer::kNowhere && wanted(row)) {
      cells.push_back({row, Against::kStrict});
      cells.push_back({row, Against::kDockerHub});
    }
  }
  return cells;
}

std::string TestName(const ClientCell& cell) {
  std::string name =
      Concat({cell.row.client, "_", NameOf(cell.row.what), "_", NameOf(cell.against)});
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == ' ' || c == '-' || c == '.'; }, '_');
  return name;
}

std::string ClientTable() {
  std::string table = "| client | case | `strict` | `docker-hub` | how |\n|---|---|---|---|---|\n";
  for (const ClientRow& row : ClientRows()) {
    table += Concat({"| ", row.client, " | ", NameOf(row.what), " | ", Cell(row, Against::kStrict),
                     " | ", Cell(row, Against::kDockerHub), " | ", row.how, " |\n"});
  }
  return table;
}

}  // namespace drydock::testing
