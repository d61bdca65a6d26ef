DROP TABLE ai_prompts;
DROP TABLE ai_keys;
