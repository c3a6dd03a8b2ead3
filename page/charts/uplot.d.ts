import uPlot from "uplot";

/** The chart library, served beside our own modules: a browser does not look into node_modules. */
export default uPlot;
