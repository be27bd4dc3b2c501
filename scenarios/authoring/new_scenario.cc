#include "scenarios/authoring/new_scenario.h"

#include <algorithm>
#include <filesystem>

#include "core/text.h"

namespace drydock::scenarios {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFault = R"json({
  // Names every key while you type, in an editor that knows JSON Schema:
  // "$schema": "scenario.schema.json",
  "title": "@TITLE@",
  "about": "What it shows, and what of it is modelled and not captured.",
  "sources": ["where it was seen: an incident id, an issue, a log"],
  "start": "2026-05-28T06:00:00Z",

  "world": {
    // An earlier release is on the Hub, and its base is the present one.
    "hub": { "previous-release": "v1.15.11", "base": "present" },
    "npm": {
      "oh-my-opencode-slim": { "latest": "1.0.9", "versions": { "1.0.9": {} } },
      "@earendil-works/pi-coding-agent": { "latest": "0.76.0", "versions": { "0.76.0": {} } }
    },
    // A real git repository is made of this folder; its release.json says what is published.
    "project": { "template": "@PROJECT@", "tag": "v1.15.12" }
  },

  "faults": [
    {
      "name": "registry-503",
      // Which exchanges: every member must hold, texts may have * and ?.
      "when": { "operation": "manifest.put", "reference": "v1.15.12" },
      // What happens to them, instead of the work.
      "do": { "reply": { "status": 503, "headers": { "Retry-After": "2" } } },
      // How often: left out, every match.
      "times": { "first": 1 }
    }
  ],

  "steps": [
    {
      "host-publish": {},
      // What must hold of this step; drydock scenario explain says it in words.
      "expect": {
        "verdict": "published-and-verified",
        "parts": { "base-build": "skipped" },
        "tags": { "latest": { "same-as": "v1.15.12" } },
        "requests": [
          { "operation": "manifest.put", "reference": "v1.15.12", "status": 503, "times": 1 }
        ],
        "faults": { "registry-503": 1 }
      }
    }
  ],

  // What the runbook's shell script does in drydock's place: "teeth" if it does worse.
  "script": { "verdict": "green", "as-good": "Its builder asks again after a 503 as well." }
}
)json";

constexpr std::string_view kPlain = R"json({
  // "$schema": "scenario.schema.json",
  "title": "@TITLE@",
  "sources": ["where it was seen"],
  "start": "2026-05-28T06:00:00Z",
  // Nothing is on the Hub yet, and nothing goes wrong.
  "world": {
    "npm": {
      "oh-my-opencode-slim": { "latest": "1.0.9", "versions": { "1.0.9": {} } },
      "@earendil-works/pi-coding-agent": { "latest": "0.76.0", "versions": { "0.76.0": {} } }
    },
    "project": { "template": "@PROJECT@", "tag": "v1.15.12" }
  },
  "steps": [
    { "host-publish": {}, "expect": { "verdict": "published-and-verified" } }
  ]
}
)json";

constexpr std::string_view kCi = R"json({
  // "$schema": "scenario.schema.json",
  "title": "@TITLE@",
  "about": "A CI run whose cache export is rejected, then a publish from the developer's machine.",
  "sources": ["where it was seen"],
  // A cache blob is told apart by the HEAD that asked for its media type before.
  "cache-blob": "By the media type in the Accept of the HEAD for the same digest.",
  "start": "2026-05-28T06:00:00Z",
  "world": {
    "hub": { "previous-release": "v1.15.11" },
    "npm": {
      "oh-my-opencode-slim": { "latest": "1.0.9", "versions": { "1.0.9": {} } },
      "@earendil-works/pi-coding-agent": { "latest": "0.76.0", "versions": { "0.76.0": {} } }
    },
    "project": { "template": "@PROJECT@", "tag": "v1.15.12" },
    "builder": {
      "export": "parallel",  // image and cache side by side
      "ci": { "base-build": "40m", "variant-build": "15m" },
      "host": { "base-build": "3m", "variant-build": "5m" }
    }
  },
  "faults": [
    {
      "name": "cache-export-400",
      "when": {
        "operation": "upload.commit",
        "since": {
          "operation": "blob.head",
          "headers": { "Accept": "*vnd.buildkit.cacheconfig.v0*" },
          "same": ["client", "digest"]
        }
      },
      "do": { "reply": { "status": 400, "page": "hub-edge" } }
    }
  ],
  "steps": [
    {
      "ci-publish": { "run": "#1" },
      "expect": {
        "verdict": "red",
        "parts": { "build-base": "failed" },
        "tags": { "v1.15.12*": "absent" }
      }
    },
    { "wait": { "for": "1h" } },
    // A publish of drydock's without a cache: nothing of it meets the fault.
    { "host-publish": { "run": "by hand" }, "expect": { "verdict": "published-and-verified" } }
  ],
  "script": { "verdict": "green", "as-good": "By hand it has no cache either; CI has no choice." }
}
)json";

constexpr std::string_view kKilled = R"json({
  // "$schema": "scenario.schema.json",
  "title": "@TITLE@",
  "about": "A publish dies on the way; the next one sends only what is missing.",
  "sources": ["where it was seen"],
  "start": "2026-05-28T06:00:00Z",
  "world": {
    "hub": { "previous-release": "v1.15.11", "base": "present" },
    "npm": {
      "oh-my-opencode-slim": { "latest": "1.0.9", "versions": { "1.0.9": {} } },
      "@earendil-works/pi-coding-agent": { "latest": "0.76.0", "versions": { "0.76.0": {} } }
    },
    "project": { "template": "@PROJECT@", "tag": "v1.15.12" }
  },
  "steps": [
    {
      // The process dies right after the server did this.
      "host-publish": {
        "run": "killed",
        "kill": { "after": { "operation": "manifest.put", "reference": "v1.15.12" } }
      },
      "expect": { "tags": { "v1.15.12": "present", "v1.15.12-omos": "absent" } }
    },
    {
      "host-publish": { "run": "resumed", "resume": true },
      "expect": {
        "verdict": "published-and-verified",
        "never": [{ "operation": "manifest.put", "reference": "v1.15.12" }]
      }
    }
  ],
  "script": { "verdict": "green", "teeth": "It knows of no earlier run and pushes all again." }
}
)json";

constexpr std::string_view kSplitProject = "opencode-devbox-2026-05";

}  // namespace

const std::vector<ScenarioTemplate>& ScenarioTemplates() {
  static const std::vector<ScenarioTemplate> kTemplates = {
      {"fault", "the registry fails once while drydock publishes", kSplitProject, kFault},
      {"plain", "a publish that meets no fault", kSplitProject, kPlain},
      {"ci", "a CI run dies on its cache export, then a publish by hand", kSplitProject, kCi},
      {"killed", "a publish is killed on the way and resumed", kSplitProject, kKilled},
  };
  return kTemplates;
}

const ScenarioTemplate* FindTemplate(std::string_view name) {
  const auto& all = ScenarioTemplates();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const ScenarioTemplate& each) { return each.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string FillTemplate(const ScenarioTemplate& chosen, std::string_view title,
                         std::string_view project) {
  const auto quoted = [](std::string_view text) {
    return ReplaceAll(ReplaceAll(std::string(text), "\\", "\\\\"), "\"", "\\\"");
  };
  return ReplaceAll(ReplaceAll(std::string(chosen.text), "@TITLE@", quoted(title)), "@PROJECT@",
                    quoted(project));
}

std::optional<std::string> FindProject(const std::string& from, std::string_view project) {
  std::error_code failure;
  for (fs::path at = fs::absolute(from, failure).lexically_normal(); !failure;
       at = at.parent_path()) {
    const fs::path folder = at / "scenarios" / "projects" / project;
    if (fs::is_directory(folder, failure)) {
      return folder.string();
    }
    failure.clear();
    if (at == at.parent_path()) {
      break;
    }
  }
  return std::nullopt;
}

}  // namespace drydock::scenarios
