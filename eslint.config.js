// The explorer's page: modules in a browser, nothing undefined, nothing unused.
import js from "@eslint/js";
import globals from "globals";

export default [
  js.configs.recommended,
  {
    files: ["pipeline/explorer/page/*.js"],
    languageOptions: { globals: globals.browser, sourceType: "module" },
    rules: {
      eqeqeq: "error",
      "no-shadow": "error",
      "no-use-before-define": ["error", { functions: false, classes: false }],
      "no-var": "error",
      "prefer-const": "error",
    },
  },
];
