// How the scripts of the pages are written. What they mean is checked by tsc (tsconfig.json).
import js from "@eslint/js";

export default [
  { ignores: ["**/*.d.ts", "build/", "maps/", "dist/", ".venv/"] },
  js.configs.recommended,
  {
    files: ["spatial/**/*.js"],
    languageOptions: { ecmaVersion: 2022, sourceType: "module" },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "no-undef": "off", // tsc knows the names of browsers, and those of Leaflet
      "no-unused-vars": "off", // so does it unused ones
      "no-control-regex": "off", // a zero stands where an element is put between words
      "array-callback-return": "error",
      "curly": "error",
      "eqeqeq": "error",
      "max-lines": ["error", 400],
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-shadow": "error",
      "no-restricted-properties": ["error",
        { object: "document", property: "write" },
        { property: "outerHTML" },
        { property: "insertAdjacentHTML" },
      ],
      "no-restricted-syntax": ["error",
        { selector: "ExportDefaultDeclaration, ExportAllDeclaration, ExportNamedDeclaration[declaration=null]", message: "The linker takes only named exports of functions, classes and constants." },
        { selector: "ImportDefaultSpecifier, ImportNamespaceSpecifier, ImportExpression", message: "The linker takes only named imports." },
        { selector: "AssignmentExpression[left.property.name='innerHTML']:not([right.type='CallExpression'])", message: "Texts from data are set as text." },
      ],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": ["error", { destructuring: "all" }],
      "quotes": ["error", "double", { avoidEscape: true }],
      "semi": "error",
    },
  },
];
