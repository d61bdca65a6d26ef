DROP TABLE content_taxonomy;
DROP TABLE taxonomy_terms;
