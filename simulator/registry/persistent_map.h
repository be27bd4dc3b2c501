// An ordered map whose copies share everything that neither changed: a copy takes constant time, a
// write to either clones the few nodes on its way down. A treap; a key's priority is a hash of it,
// so that equal contents have equal shapes.
// Threads: as CopyOnWrite. Source: docs/adr/0020-copy-on-write-store.md; Seidel and Aragon,
// "Randomized Search Trees" (1996).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "core/rng.h"
#include "simulator/registry/copy_on_write.h"

namespace drydock::simulator {

// `Text()(key)` gives the bytes of a key that its hash is made of, as a std::string_view.
// Values are cloned with their nodes: make them cheap to copy.
template <class Key, class Value, class Text>
class PersistentMap {
 public:
  std::size_t size() const { return size_; }

  // Null when there is none. `key` may be of any type that compares with Key.
  template <class Asked>
  const Value* Find(const Asked& key) const {
    const Link* link = &root_;
    while (*link) {
      const Node& node = **link;
      if (key < node.key) {
        link = &node.left;
      } else if (node.key < key) {
        link = &node.right;
      } else {
        return &node.value;
      }
    }
    return nullptr;
  }

  // The value of `key`, made empty if need be. Good until the next call or copy.
  Value& Write(const Key& key) { return Write(root_, key); }

  // False when there is none.
  bool Erase(const Key& key) {
    if (Find(key) == nullptr) {
      return false;
    }
    Link* link = &root_;
    while (true) {
      Node& node = link->Write();
      if (key < node.key) {
        link = &node.left;
      } else if (node.key < key) {
        link = &node.right;
      } else {
        break;
      }
    }
    Node& gone = link->Write();
    *link = Merge(std::move(gone.left), std::move(gone.right));
    --size_;
    return true;
  }

  // visit(key, value), in order of the keys.
  template <class Visit>
  void ForEach(const Visit& visit) const {
    ForEach(root_, visit);
  }

 private:
  struct Node;
  using Link = CopyOnWrite<Node>;
  struct Node {
    Key key;
    std::uint64_t priority;
    Value value;
    Link left;
    Link right;
  };

  Value& Write(Link& link, const Key& key) {
    if (!link) {
      ++size_;
      link = Link::Make(key, StableHash(0, Text()(key)), Value(), Link(), Link());
      return link.Write().value;
    }
    Node& node = link.Write();
    if (key < node.key) {
      Value& value = Write(node.left, key);
      if (node.left->priority > node.priority) {
        Rotate(link, &Node::left, &Node::right);
      }
      return value;
    }
    if (node.key < key) {
      Value& value = Write(node.right, key);
      if (node.right->priority > node.priority) {
        Rotate(link, &Node::right, &Node::left);
      }
      return value;
    }
    return node.value;
  }

  // Puts the child on the side `up` above its parent.
  static void Rotate(Link& parent, Link Node::*up, Link Node::*down) {
    Link child = std::move(parent.Write().*up);
    parent.Write().*up = std::move(child.Write().*down);
    child.Write().*down = std::move(parent);
    parent = std::move(child);
  }

  // Every key of `left` is before every key of `right`.
  static Link Merge(Link left, Link right) {
    if (!left || !right) {
      return left ? left : right;
    }
    if (left->priority > right->priority) {
      Node& top = left.Write();
      top.right = Merge(std::move(top.right), std::move(right));
      return left;
    }
    Node& top = right.Write();
    top.left = Merge(std::move(left), std::move(top.left));
    return right;
  }

  template <class Visit>
  static void ForEach(const Link& link, const Visit& visit) {
    if (link) {
      ForEach(link->left, visit);
      visit(link->key, link->value);
      ForEach(link->right, visit);
    }
  }

  Link root_;
  std::size_t size_ = 0;
};

}  // namespace drydock::simulator
