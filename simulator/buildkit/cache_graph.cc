#include "simulator/buildkit/cache_graph.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "core/json.h"
#include "core/text.h"

namespace drydock::simulator::buildkit {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kCreatedAt = "buildkit/createdat";
constexpr std::string_view kUncompressed = "containerd.io/uncompressed";
constexpr std::string_view kSourceReference = "containerd.io/distribution.source.ref";
constexpr std::size_t kInputDepthMax = 256;

Digest IdentityOf(const Digest& operation, const std::vector<Digest>& inputs) {
  Hasher hasher;
  hasher.Update(operation.ToString());
  for (const Digest& input : inputs) {
    hasher.Update(Concat({"\n", input.ToString()}));
  }
  return hasher.Finish();
}

// One layer on one particular chain: what the config calls a layer.
struct Node {
  Layer layer;
  std::size_t parent = kNoRecord;
};

// All nodes of all chains, then sorted by digest; `place` maps a node to its sorted position.
struct Nodes {
  std::vector<Node> nodes;
  std::vector<std::size_t> order;
  std::vector<std::size_t> place;

  std::size_t Add(const std::vector<Layer>& chain) {
    std::size_t parent = kNoRecord;
    for (const Layer& layer : chain) {
      const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const Node& node) {
        return node.parent == parent && node.layer.digest == layer.digest;
      });
      if (found == nodes.end()) {
        nodes.push_back({layer, parent});
        parent = nodes.size() - 1;
      } else {
        parent = static_cast<std::size_t>(found - nodes.begin());
      }
    }
    return parent;
  }
  void Sort() {
    order.resize(nodes.size());
    place.resize(nodes.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      order[i] = i;
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return nodes[a].layer.digest < nodes[b].layer.digest;
    });
    for (std::size_t i = 0; i < order.size(); ++i) {
      place[order[i]] = i;
    }
  }
};

Descriptor LayerDescriptor(const Layer& layer, std::string_view type) {
  Descriptor descriptor{std::string(type), layer.digest, layer.size, {}, std::nullopt};
  descriptor.annotations[std::string(kCreatedAt)] = FormatRfc3339(layer.created);
  descriptor.annotations[std::string(kUncompressed)] = layer.diff_id.ToString();
  if (!layer.imported_from.empty()) {
    descriptor.annotations[std::string(kSourceReference)] = layer.imported_from;
  }
  return descriptor;
}

Json LayersJson(const Nodes& nodes) {
  Json json = Json::array();
  for (const std::size_t index : nodes.order) {
    const Node& node = nodes.nodes[index];
    Json entry = {{"blob", node.layer.digest.ToString()}};
    // Go's "omitempty": parent 0 is left out, no parent is -1.
    if (node.parent == kNoRecord) {
      entry["parent"] = -1;
    } else if (nodes.place[node.parent] != 0) {
      entry["parent"] = nodes.place[node.parent];
    }
    json.push_back(std::move(entry));
  }
  return json;
}

// Reads a config's records and finds their identities by following the first link of every input.
class RecordReader {
 public:
  explicit RecordReader(const json::Value::Array& records)
      : records_(records), identities_(records.size()), visiting_(records.size(), false) {}

  std::optional<Digest> Identity(std::size_t index, std::size_t depth = 0) {
    if (index >= records_.size() || depth > kInputDepthMax || visiting_[index]) {
      return std::nullopt;
    }
    if (identities_[index]) {
      return identities_[index];
    }
    visiting_[index] = true;
    identities_[index] = Compute(records_[index], depth);
    visiting_[index] = false;
    return identities_[index];
  }

 private:
  std::optional<Digest> Compute(const json::Value& record, std::size_t depth) {
    const Result<Digest> operation = Digest::Parse(record.Text("digest"));
    if (!operation) {
      return std::nullopt;
    }
    std::vector<Digest> inputs;
    const json::Value* slots = record.Find("inputs");
    for (std::size_t i = 0;
         slots != nullptr && slots->as_array() != nullptr && i < slots->as_array()->size(); ++i) {
      const json::Value* link = slots->At(Concat({"/", std::to_string(i), "/0/link"}));
      const auto target = link == nullptr ? std::nullopt : link->as_integer();
      const auto identity = target && *target >= 0
                                ? Identity(static_cast<std::size_t>(*target), depth + 1)
                                : std::optional<Digest>();
      if (!identity) {
        return std::nullopt;
      }
      inputs.push_back(*identity);
    }
    return IdentityOf(*operation, inputs);
  }

  const json::Value::Array& records_;
  std::vector<std::optional<Digest>> identities_;
  std::vector<bool> visiting_;
};

std::optional<Layer> ReadLayer(const Descriptor& descriptor, const std::string& reference,
                               const std::string& repository) {
  const auto text = [&](std::string_view key) {
    const auto found = descriptor.annotations.find(std::string(key));
    return found == descriptor.annotations.end() ? std::string() : found->second;
  };
  const Result<Digest> diff_id = Digest::Parse(text(kUncompressed));
  if (!diff_id) {
    return std::nullopt;
  }
  return Layer{descriptor.digest, *diff_id,
               descriptor.size,   ParseRfc3339(text(kCreatedAt)).value_or(TimePoint()),
               repository,        descriptor.media_type,
               reference};
}

}  // namespace

std::size_t CacheGraph::Add(CacheRecord record) {
  std::vector<Digest> inputs;
  for (const auto& slot : record.inputs) {
    inputs.push_back(identities_[slot.front().record]);
  }
  const Digest identity = IdentityOf(record.operation, inputs);
  const auto [found, inserted] = by_identity_.emplace(identity, records_.size());
  if (inserted) {
    records_.push_back(std::move(record));
    identities_.push_back(identity);
  }
  return found->second;
}

CacheGraph::Export CacheGraph::Write(bool all_layers, std::string_view layer_type) const {
  std::vector<std::size_t> order(records_.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return records_[a].operation < records_[b].operation;
  });
  std::vector<std::size_t> place(records_.size());
  Nodes nodes;
  std::vector<std::size_t> tips(records_.size(), kNoRecord);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const CacheRecord& record = records_[order[i]];
    place[order[i]] = i;
    if (all_layers || record.of_result) {
      tips[order[i]] = nodes.Add(record.chain);
    }
  }
  nodes.Sort();

  Json records = Json::array();
  for (const std::size_t index : order) {
    Json entry = Json::object();
    if (tips[index] != kNoRecord) {
      entry["layers"] =
          Json::array({{{"layer", nodes.place[tips[index]]},
                        {"createdAt", FormatRfc3339(records_[index].chain.back().created)}}});
    }
    entry["digest"] = records_[index].operation.ToString();
    for (const auto& slot : records_[index].inputs) {
      Json links = Json::array();
      for (const CacheLink& link : slot) {
        Json json = Json::object();
        if (!link.selector.empty()) {
          json["selector"] = link.selector;
        }
        json["link"] = place[link.record];
        links.push_back(std::move(json));
      }
      entry["inputs"].push_back(std::move(links));
    }
    records.push_back(std::move(entry));
  }

  Export result;
  for (const std::size_t index : nodes.order) {
    const Layer& layer = nodes.nodes[index].layer;
    result.layers.push_back(LayerDescriptor(layer, layer_type));
    result.by_digest.emplace(layer.digest, layer);
  }
  result.config = Json({{"layers", LayersJson(nodes)}, {"records", std::move(records)}}).dump();
  return result;
}

std::map<Digest, Layer> ReadCache(std::string_view config, const std::vector<Descriptor>& layers,
                                  const std::string& reference, const std::string& repository) {
  std::map<Digest, Layer> known;
  const auto parsed = json::Parse(config, "cache config");
  const json::Value* records = parsed ? parsed->Find("records") : nullptr;
  if (records == nullptr || records->as_array() == nullptr) {
    return known;
  }
  std::map<std::string, const Descriptor*> by_digest;
  for (const Descriptor& descriptor : layers) {
    by_digest.emplace(descriptor.digest.ToString(), &descriptor);
  }
  RecordReader reader(*records->as_array());
  for (std::size_t i = 0; i < records->as_array()->size(); ++i) {
    const json::Value* layer = (*records->as_array())[i].At("/layers/0/layer");
    const auto index = layer == nullptr ? std::nullopt : layer->as_integer();
    const std::optional<Digest> identity = reader.Identity(i);
    const json::Value* blob =
        index ? parsed->At(Concat({"/layers/", std::to_string(*index), "/blob"})) : nullptr;
    const std::string* digest = blob == nullptr ? nullptr : blob->as_string();
    const auto found = digest == nullptr ? by_digest.end() : by_digest.find(*digest);
    if (!identity || found == by_digest.end()) {
      continue;
    }
    if (auto read = ReadLayer(*found->second, reference, repository)) {
      known.emplace(*identity, std::move(*read));
    }
  }
  return known;
}

}  // namespace drydock::simulator::buildkit
