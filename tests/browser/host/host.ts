// The official host side of MCP Apps (AppBridge) in a page of the tests. `evalsHost` mounts a view in a sandboxed frame
// of another origin, hands its tool calls to the test through `window.serverRequest`, and keeps all that the view sent.
import { AppBridge, PostMessageTransport } from "@modelcontextprotocol/ext-apps/app-bridge";

type Sent = { method: string; params: unknown };
type Opened = { url: string; context: Record<string, unknown>; input: Record<string, unknown>; answersTools: boolean };

declare global {
  interface Window {
    serverRequest(method: string, params: unknown): Promise<any>;
    evalsHost: typeof evalsHost;
  }
}

let bridge: AppBridge | null = null;
let frame: HTMLIFrameElement | null = null;

const capabilities = (answersTools: boolean) => ({
  openLinks: {},
  logging: {},
  message: { text: {} },
  updateModelContext: { text: {} },
  ...(answersTools ? { serverTools: {}, serverResources: {} } : {}),
});

function listen(opened: AppBridge, sent: Sent[], answersTools: boolean): Promise<void> {
  const keep = (method: string, params: unknown) => sent.push({ method, params });
  opened.onupdatemodelcontext = async (params) => (keep("ui/update-model-context", params), {});
  opened.onmessage = async (params) => (keep("ui/message", params), {});
  opened.onopenlink = async (params) => (keep("ui/open-link", params), {});
  opened.onrequestdisplaymode = async (params) => (keep("ui/request-display-mode", params), { mode: "inline" });
  opened.onloggingmessage = (params) => void keep("notifications/message", params);
  opened.onsizechange = (params) => {
    keep("ui/notifications/size-changed", params);
    if (frame && params.height !== undefined) frame.style.height = `${params.height}px`;
  };
  if (answersTools) {
    opened.oncalltool = (params) => (keep("tools/call", params), window.serverRequest("tools/call", params));
    opened.onreadresource = (params) => (keep("resources/read", params), window.serverRequest("resources/read", params));
  }
  return new Promise((resolve) => (opened.oninitialized = () => resolve()));
}

const evalsHost = {
  sent: [] as Sent[],

  async open({ url, context, input, answersTools }: Opened): Promise<void> {
    evalsHost.sent = [];
    frame = document.createElement("iframe");
    frame.title = "View";
    frame.setAttribute("sandbox", "allow-scripts");
    document.body.replaceChildren(frame);
    bridge = new AppBridge(null, { name: "host-of-the-tests", version: "1" }, capabilities(answersTools), {
      hostContext: context,
    });
    const isInitialized = listen(bridge, evalsHost.sent, answersTools);
    await bridge.connect(new PostMessageTransport(frame.contentWindow!, frame.contentWindow!));
    frame.src = url;
    await isInitialized;
    await bridge.sendToolInput({ arguments: input });
  },

  show: (result: any) => bridge!.sendToolResult(result),
  cancel: (reason: string) => bridge!.sendToolCancelled({ reason }),
  change: (context: any) => bridge!.sendHostContextChange(context),
  post: (message: unknown) => frame!.contentWindow!.postMessage(message, "*"),
  close: () => bridge!.teardownResource({}),

  // A host may be gone in the middle, without a word.
  async remove(): Promise<void> {
    document.body.replaceChildren();
    frame = null;
    await bridge!.close();
  },
};
window.evalsHost = evalsHost;
