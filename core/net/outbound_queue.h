// OutboundQueue: what waits to be written to one connection, as slices of shared buffers, oldest first. Owns
// nothing while it is empty: the storage comes from its reactor's pool. Belongs to one connection, on its
// reactor's thread.
//
// A slice holds whole server frames and says how many messages they are; a slice of 0 messages (a control
// frame, an HTTP response) is opaque, and is never counted or dropped.
#ifndef GATEWAYD_CORE_NET_OUTBOUND_QUEUE_H
#define GATEWAYD_CORE_NET_OUTBOUND_QUEUE_H

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/shared_buffer.h"

namespace gatewayd {

class OutboundQueue {
   public:
    struct Storage {
        std::vector<Slice> slices;
        size_t head = 0;       // index of the oldest
        size_t compacted = 0;  // slices before this index hold back no more than they need
        BufferRef own;         // what compact() copies to
    };

    // Storages for queues that fill; of those given back, at most 256 are kept. One a reactor.
    class Pool {
       public:
        std::unique_ptr<Storage> take();
        void give(std::unique_ptr<Storage> storage);

       private:
        std::vector<std::unique_ptr<Storage>> free_;
    };

    bool empty() const { return !storage_; }
    size_t bytes() const { return bytes_; }
    uint32_t messages() const { return messages_; }  // one that is partly written included
    bool begun() const { return frame_rest_ > 0; }   // the oldest is partly written

    void push(Slice slice, Pool* pool);
    // Control frames and responses. Neighbours share a buffer, so that a flood of two-byte pongs costs what
    // it weighs and not an allocation each.
    void push_opaque(std::string bytes, Pool* pool);
    // Points at most `limit` iovecs at the oldest bytes; returns how many.
    int gather(iovec* out, int limit) const;
    // The oldest `count` bytes were written.
    void consume(size_t count, Pool* pool);
    // Drops the oldest message that is not partly written. False: there is none.
    bool drop_oldest(Pool* pool);
    // Drops the newest messages until at most these many messages and bytes wait; returns how many went.
    uint32_t drop_newest(uint32_t keep_messages, size_t keep_bytes, Pool* pool);
    // Copies slices that hold back much larger buffers into a buffer of our own that starts with
    // `first_bytes`, so that a waiting byte pins at most about twice its size. For a socket that is full.
    void compact(size_t first_bytes);
    void clear(Pool* pool);

   private:
    void pop_front();
    void release_if_empty(Pool* pool);

    std::unique_ptr<Storage> storage_;
    size_t bytes_ = 0;
    uint32_t messages_ = 0;
    uint32_t frame_rest_ = 0;  // bytes at the front that end a frame which is partly written
};

}  // namespace gatewayd

#endif
