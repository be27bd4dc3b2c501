// The control API's answers about what a world holds, what it was told to do, and what happened.
#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/text.h"
#include "simulator/faults/read_rules.h"
#include "simulator/server/control_call.h"
#include "simulator/server/har.h"

namespace drydock::simulator {
namespace {

using Json = nlohmann::ordered_json;

std::string Text(const Json& json) {
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json RepositoryJson(const Store& store, const std::string& name) {
  Json tags = Json::object();
  for (const auto& [tag, digest] : store.Tags(name)) {
    tags[tag] = digest.ToString();
  }
  Json manifests = Json::array();
  for (const auto& [digest, manifest] : store.Manifests(name)) {
    Json entry = {{"digest", digest.ToString()},
                  {"mediaType", manifest.media_type},
                  {"size", manifest.bytes->size()}};
    if (manifest.subject) {
      entry["subject"] = manifest.subject->ToString();
    }
    manifests.push_back(std::move(entry));
  }
  Json blobs = Json::array();
  for (const Digest& digest : store.Blobs(name)) {
    blobs.push_back({{"digest", digest.ToString()}, {"size", store.FindBlob(name, digest).size()}});
  }
  return {{"name", name},
          {"tags", std::move(tags)},
          {"manifests", std::move(manifests)},
          {"blobs", std::move(blobs)}};
}

Json FaultJson(const FaultRule& rule, const RuleCount& count) {
  return {{"name", rule.name},    {"phase", Name(rule.phase)}, {"effect", Describe(rule)},
          {"armed", count.armed}, {"offered", count.offered},  {"matched", count.matched},
          {"fired", count.fired}, {"seen", count.seen}};
}

// Every rule that is there; a rule that goes between the two questions is left out.
std::vector<Json> FaultList(const FaultState& faults) {
  std::vector<Json> list;
  const std::vector<RuleCount> counts = faults.Counts();
  for (const FaultRule& rule : faults.rules()) {
    const auto count = std::find_if(counts.begin(), counts.end(),
                                    [&](const RuleCount& one) { return one.rule == rule.name; });
    if (count != counts.end()) {
      list.push_back(FaultJson(rule, *count));
    }
  }
  return list;
}

Response NoSuchFault(const ControlCall& call) {
  return ErrorAnswer(404, Concat({"there is no fault \"", call.names[1], "\""}));
}

// A number in the query; `otherwise` without it, nullopt for what is none.
std::optional<std::uint64_t> QueryNumber(const ControlCall& call, std::string_view name,
                                         std::uint64_t otherwise) {
  const std::optional<std::string> text = call.head.url.QueryValue(name);
  return text ? ParseUnsigned(*text) : otherwise;
}

}  // namespace

Response GetState(ControlCall& call) {
  const std::optional<std::string> wanted = call.head.url.QueryValue("repository");
  std::vector<OpenUpload> open;
  Store store;
  call.world->Look([&](const Registry& registry) {
    store = registry.store();
    open = registry.OpenUploads();
  });
  Json repositories = Json::array();
  for (const std::string& name : store.Repositories()) {
    if (!wanted || *wanted == name) {
      repositories.push_back(RepositoryJson(store, name));
    }
  }
  Json uploads = Json::array();
  for (const OpenUpload& upload : open) {
    if (!wanted || *wanted == upload.repository) {
      uploads.push_back({{"repository", upload.repository},
                         {"session", upload.session},
                         {"bytes", upload.bytes},
                         {"started", FormatRfc3339(upload.started)}});
    }
  }
  return ControlAnswer(
      200, Text({{"repositories", std::move(repositories)}, {"uploads", std::move(uploads)}}));
}

Response GetJournal(ControlCall& call) {
  const auto from = QueryNumber(call, "from", 0);
  const auto limit = QueryNumber(call, "limit", std::numeric_limits<std::uint64_t>::max());
  if (!from || !limit) {
    return ErrorAnswer(400, "query: expected numbers in from and limit");
  }
  std::vector<Event> events = call.world->journal().Snapshot(*from);
  events.resize(std::min<std::uint64_t>(events.size(), *limit));
  std::string lines;
  for (const Event& event : events) {
    lines += ToJson(event) + "\n";
  }
  Response response = ControlAnswer(200, std::move(lines));
  response.headers.Set("Content-Type", "application/x-ndjson");
  return response;
}

Response GetHar(ControlCall& call) {
  return ControlAnswer(200, ToHar(call.world->journal().Snapshot()));
}

Response ListFaults(ControlCall& call) {
  return ControlAnswer(200, Text({{"faults", FaultList(call.world->faults())}}));
}

Response AddFaults(ControlCall& call) {
  Result<std::vector<FaultRule>> rules = ParseFaultFile(call.body, "body");
  if (!rules) {
    return ErrorAnswer(rules.error());
  }
  const ServedBy served = call.context.worlds.ServedAs(call.world->spec().name);
  if (const Status servable = CheckServable(*rules, served); !servable) {
    return ErrorAnswer(servable.error());
  }
  const Status added = call.world->faults().Add(std::move(*rules));
  return added ? ControlAnswer(201, Text({{"faults", FaultList(call.world->faults())}}))
               : ErrorAnswer(added.error());
}

Response RemoveFaults(ControlCall& call) {
  for (const FaultRule& rule : call.world->faults().rules()) {
    call.world->faults().Remove(rule.name);
  }
  return NoContent();
}

Response GetFault(ControlCall& call) {
  for (const Json& fault : FaultList(call.world->faults())) {
    if (fault["name"] == call.names[1]) {
      return ControlAnswer(200, Text(fault));
    }
  }
  return NoSuchFault(call);
}

Response SwitchFault(ControlCall& call) {
  const Result<json::Value> document = ReadDocument(call);
  if (!document) {
    return ErrorAnswer(document.error());
  }
  json::Source source("body");
  json::ObjectReader reader(source, *document, "fault");
  bool armed = false;
  reader.Require("armed", armed);
  reader.Finish();
  if (!source.ok()) {
    return ErrorAnswer(source.status().error());
  }
  return call.world->faults().Switch(call.names[1], armed) ? GetFault(call) : NoSuchFault(call);
}

Response RemoveFault(ControlCall& call) {
  return call.world->faults().Remove(call.names[1]) ? NoContent() : NoSuchFault(call);
}

}  // namespace drydock::simulator
