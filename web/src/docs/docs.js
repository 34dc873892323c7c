// The document is of this cinema: what is tried here is done here.
window.SwaggerUIBundle({ url: "/docs/openapi.json", dom_id: "#docs", deepLinking: true, docExpansion: "none", filter: true, validatorUrl: null });
