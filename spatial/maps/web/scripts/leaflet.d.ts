// Parts of Leaflet 1.9 that the scripts use and that its types leave out.
import "leaflet";

declare module "leaflet" {
  interface Map {
    faellesrum: import("./map.js").Page;
    _animatingZoom?: boolean;
    _popup?: Popup;
  }
  interface Renderer {
    _bounds?: Bounds;
    _update(): void;
  }
  interface Canvas {
    _redraw(): void;
  }
  namespace Control {
    interface Zoom {
      _zoomInButton?: HTMLElement;
      _zoomOutButton?: HTMLElement;
    }
  }
}
