//! gateway.rs - the plugin ABI of gatewayd 1.0 for Rust, by hand and without crates: what `tidy` needs of
//! `gateway/plugin.h` and `gateway/host.h`, in their layout, and the border that no panic passes. Copy this file
//! and give a name and type to what you need besides: a `usize` below stands for a function that tidy does not call.
//! What the C headers say of threads, ownership and limits holds here too.
#![allow(dead_code)]

use std::cell::RefCell;
use std::os::raw::c_void;
use std::panic::{catch_unwind, AssertUnwindSafe};

pub const CONTINUE: i32 = 0;
pub const DONE: i32 = 1;
pub const DROP: i32 = 3;
pub const OK: i32 = 0;
pub const E_FAIL: i32 = -1;
pub const E_ARG: i32 = -2;
pub const E_NOTFOUND: i32 = -8;
pub const KIND_HANDSHAKE: u32 = 1;
pub const KIND_MESSAGE: u32 = 4;
pub const STAGE_MESSAGE: u32 = 0;
pub const LOG_INFO: i32 = 1;
pub const LOG_ERROR: i32 = 3;

/// `gw_str`: UTF-8, not NUL-terminated.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    pub ptr: *const u8,
    pub len: u64,
}
impl Str {
    pub const EMPTY: Str = Str { ptr: std::ptr::null(), len: 0 };
    pub fn of(text: &str) -> Str {
        Str { ptr: text.as_ptr(), len: text.len() as u64 }
    }
    /// A view of what the host handed out: `'a` is the hook, so a caller must not let it out of there.
    pub unsafe fn view<'a>(self) -> &'a str {
        if self.len == 0 {
            return "";
        }
        std::str::from_utf8_unchecked(std::slice::from_raw_parts(self.ptr, self.len as usize))
    }
}

macro_rules! opaque { ($($name:ident),*) => { $(#[repr(C)] pub struct $name { _private: [u8; 0] })* } }
opaque!(Inst, Node, Ctx, Req, Next);

/// `gw_error`, the host's to give and ours to fill.
#[repr(C)]
pub struct Error {
    pub struct_size: u32,
    pub code: i32,
    pub message: [u8; 256],
}
impl Error {
    /// Cut at the start of a character. Returns the code.
    pub fn set(&mut self, code: i32, text: &str) -> i32 {
        let mut length = text.len().min(self.message.len() - 1);
        while !text.is_char_boundary(length) {
            length -= 1;
        }
        self.code = code;
        self.message[..length].copy_from_slice(&text.as_bytes()[..length]);
        self.message[length] = 0;
        code
    }
}

/// `gw_host` of ABI 1.0, member by member.
#[repr(C)]
pub struct Host {
    pub struct_size: u32,
    pub abi_minor: u32,
    log: unsafe extern "C" fn(*mut Inst, i32, Str),
    extension: usize,
    instance_name: usize,
    now_ns: usize,
    wall_time_ms: usize,
    publish: usize,
    subscribe: usize,
    unsubscribe: usize,
    kick: usize,
    client_list: usize,
    client_get: usize,
    stats: usize,
    shutdown: usize,
    resume: usize,
    node_type: usize,
    node_get: unsafe extern "C" fn(*const Node, Str) -> *const Node,
    node_at: unsafe extern "C" fn(*const Node, u64) -> *const Node,
    node_size: unsafe extern "C" fn(*const Node) -> u64,
    node_key: unsafe extern "C" fn(*const Node, u64) -> Str,
    node_bool: usize,
    node_i64: unsafe extern "C" fn(*const Node, *mut i64) -> i32,
    node_f64: usize,
    node_str: usize,
    node_location: unsafe extern "C" fn(*const Node) -> Str,
    node_path: usize,
    next: usize,
    defer: usize,
    kind: usize,
    is_binary: usize,
    field: unsafe extern "C" fn(*const Req, Str, *mut Str) -> i32,
    header: usize,
    query: usize,
    payload: usize,
    set_field: unsafe extern "C" fn(*mut Req, Str, Str) -> i32,
    set_json: usize,
    replace_payload: usize,
    set_response_header: usize,
    answer: usize,
    reject: unsafe extern "C" fn(*mut Req, i32, Str, Str) -> i32,
    get_destination: usize,
    set_destination: usize,
    conn_id: usize,
    client: usize,
    attr_get: usize,
    attr_set: usize,
    send: usize,
    close: usize,
}

/// `gw_interceptor` and `gw_plugin`: static tables of ours. `None`: the gateway does not call it.
pub type Slot = *mut c_void;
#[repr(C)]
pub struct InterceptorTable {
    pub struct_size: u32,
    pub flags: u32,
    pub stage: u32,
    pub reserved: u32,
    pub name: unsafe extern "C" fn(*mut c_void) -> Str,
    pub order: Option<unsafe extern "C" fn(*mut c_void) -> i32>,
    pub wants: unsafe extern "C" fn(*mut c_void, *mut u32, *mut u64),
    pub attach: Option<unsafe extern "C" fn(*mut c_void, *mut Ctx, *mut Slot, *mut u32) -> i32>,
    pub detach: Option<unsafe extern "C" fn(*mut c_void, Slot, *mut Ctx)>,
    pub intercept: Option<unsafe extern "C" fn(*mut c_void, Slot, *mut Ctx, *mut Req, *mut Next) -> i32>,
    pub on_resume: Option<unsafe extern "C" fn(*mut c_void, Slot, *mut Ctx, *mut Req, *mut Next, *mut c_void) -> i32>,
    pub on_cancel: Option<unsafe extern "C" fn(*mut c_void, Slot, *mut Ctx, *const Req, *mut c_void, i32)>,
    pub on_event: Option<unsafe extern "C" fn(*mut c_void, Slot, *const c_void)>,
}
#[repr(C)]
pub struct PluginTable {
    pub struct_size: u32,
    pub flags: u32,
    pub create: unsafe extern "C" fn(*const Host, *mut Inst, *const Node, *mut *mut c_void, *mut Error) -> i32,
    pub start: Option<unsafe extern "C" fn(*mut c_void, *mut Error) -> i32>,
    pub quiesce: Option<unsafe extern "C" fn(*mut c_void)>,
    pub stop: Option<unsafe extern "C" fn(*mut c_void)>,
    pub destroy: unsafe extern "C" fn(*mut c_void),
    pub interceptor: Option<&'static InterceptorTable>,
}
const _: () = assert!(std::mem::size_of::<InterceptorTable>() == 88);
const _: () = assert!(std::mem::size_of::<PluginTable>() == 56);
const _: () = assert!(std::mem::size_of::<Error>() == 264);

/// The ELF note. Its text ends with a zero; N is the text's length with it, rounded up to 4.
#[repr(C, align(4))]
pub struct Note<const N: usize> {
    owner_size: u32,
    text_size: u32,
    kind: u32,
    owner: [u8; 8],
    text: [u8; N],
}
impl<const N: usize> Note<N> {
    pub const fn new(text: &[u8]) -> Note<N> {
        assert!(N % 4 == 0 && text.len() <= N && N < text.len() + 4, "N is the text's length, rounded up to 4");
        let mut padded = [0; N];
        let mut i = 0;
        while i < text.len() {
            padded[i] = text[i];
            i += 1;
        }
        Note { owner_size: 8, text_size: text.len() as u32, kind: 1, owner: *b"gateway\0", text: padded }
    }
}

/// The host as one instance calls it, from any thread.
#[derive(Clone, Copy)]
pub struct Gateway {
    host: *const Host,
    inst: *mut Inst,
}
unsafe impl Send for Gateway {}
unsafe impl Sync for Gateway {}

impl Gateway {
    pub unsafe fn new(host: *const Host, inst: *mut Inst) -> Gateway {
        Gateway { host, inst }
    }
    fn host(&self) -> &Host {
        unsafe { &*self.host }
    }
    pub fn log(&self, level: i32, text: &str) {
        unsafe { (self.host().log)(self.inst, level, Str::of(text)) }
    }

    /// Runs a hook. A panic ends here: it is logged, and becomes the hook's error as `Err` does.
    pub fn guarded(&self, hook: &str, body: impl FnOnce() -> Result<i32, i32>) -> i32 {
        match catch_unwind(AssertUnwindSafe(body)) {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(code)) => code,
            Err(_) => {
                let what = LAST_PANIC.with(|text| text.take());
                self.log(LOG_ERROR, &format!("panic in {}: {}", hook, what));
                E_FAIL
            }
        }
    }

    // --- in create ---
    pub fn node_size(&self, node: *const Node) -> u64 {
        unsafe { (self.host().node_size)(node) }
    }
    pub fn node_key<'a>(&self, node: *const Node, index: u64) -> &'a str {
        unsafe { (self.host().node_key)(node, index).view() }
    }
    pub fn node_at(&self, node: *const Node, index: u64) -> *const Node {
        unsafe { (self.host().node_at)(node, index) }
    }
    /// None: it is no whole number.
    pub fn node_integer(&self, node: *const Node) -> Option<i64> {
        let mut value = 0;
        let code = unsafe { (self.host().node_i64)(node, &mut value) };
        (code == OK).then(|| value)
    }
    /// "gateway.yaml:12:5", for errors.
    pub fn node_location<'a>(&self, node: *const Node) -> &'a str {
        unsafe { (self.host().node_location)(node).view() }
    }

    // --- in a hook ---
    pub fn request(&self, raw: *mut Req) -> Request<'_> {
        Request { gateway: self, raw }
    }
}

/// A request, while its hook runs.
pub struct Request<'a> {
    gateway: &'a Gateway,
    raw: *mut Req,
}
impl Request<'_> {
    /// The text of a field; None when it is absent or no text. Owned, so that it may be kept.
    pub fn field(&self, name: &str) -> Option<String> {
        let mut out = Str::EMPTY;
        let code = unsafe { (self.gateway.host().field)(self.raw, Str::of(name), &mut out) };
        (code == OK).then(|| unsafe { out.view() }.to_owned())
    }
    pub fn set_field(&mut self, name: &str, value: &str) -> Result<(), i32> {
        checked(unsafe { (self.gateway.host().set_field)(self.raw, Str::of(name), Str::of(value)) })
    }
    /// `return request.reject(...)`
    pub fn reject(&mut self, status: i32, word: &str, why: &str) -> Result<i32, i32> {
        checked(unsafe { (self.gateway.host().reject)(self.raw, status, Str::of(word), Str::of(why)) })?;
        Ok(DONE)
    }
}

fn checked(code: i32) -> Result<(), i32> {
    if code < 0 {
        Err(code)
    } else {
        Ok(())
    }
}

thread_local! { static LAST_PANIC: RefCell<String> = RefCell::new(String::new()); }

/// Once, in the entry: panics are kept for guarded() to log with their place, not printed. std is linked into each
/// plugin, so this is about its own panics alone.
pub fn keep_panics() {
    std::panic::set_hook(Box::new(|info| LAST_PANIC.with(|text| *text.borrow_mut() = info.to_string())));
}
