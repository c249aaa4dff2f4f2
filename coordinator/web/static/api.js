window.SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  // The default asks a validator on the internet.
  validatorUrl: null,
});
