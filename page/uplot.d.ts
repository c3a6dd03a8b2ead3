/** The chart library, served beside our own modules: a browser does not look into node_modules. */
import uPlot from "uplot";
export default uPlot;
