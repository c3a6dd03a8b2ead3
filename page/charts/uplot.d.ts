import uPlot from "uplot";

/** The chart library, served next to our own modules: a browser cannot import from node_modules. */
export default uPlot;
